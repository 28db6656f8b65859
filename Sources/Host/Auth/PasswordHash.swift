import CArgon2
import CCrypto
import Dispatch

/// Passwords become argon2id hashes in the usual text form, salt and costs included.
enum PasswordHash {
  /// Costs that a stolen hash has to pay for every guess: 19 MiB, two passes, one lane.
  static let memoryKiB: UInt32 = 19 << 10
  static let passes: UInt32 = 2
  static let lanes: UInt32 = 1
  static let saltBytes = 16
  static let hashBytes = 32
  static let prefix = "$argon2id$"

  /// Each takes `memoryKiB`; more of them wait. Processor and memory are the whole process's, and
  /// so is this limit.
  private static let atOnce = DispatchSemaphore(value: atOnceMax)
  static let atOnceMax = 2

  /// A hash with a salt of its own.
  static func make(
    _ password: String, memoryKiB: UInt32 = memoryKiB, passes: UInt32 = passes
  ) throws(CommandError) -> String {
    let salt = try randomBytes(saltBytes)
    let secret = Array(password.utf8)
    let room = argon2_encodedlen(
      passes, memoryKiB, lanes, UInt32(saltBytes), UInt32(hashBytes), Argon2_id)
    var text = [CChar](repeating: 0, count: room)
    atOnce.wait()
    defer { atOnce.signal() }
    let result = argon2id_hash_encoded(
      passes, memoryKiB, lanes, secret, secret.count, salt, salt.count, hashBytes, &text, room)
    guard result == ARGON2_OK.rawValue else {
      throw CommandError(
        .system, "the password cannot be hashed: \(String(cString: argon2_error_message(result)))")
    }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Whether the password is the one behind the hash.
  static func matches(_ password: String, hash: String) -> Bool {
    let secret = Array(password.utf8)
    atOnce.wait()
    defer { atOnce.signal() }
    return argon2id_verify(hash, secret, secret.count) == ARGON2_OK.rawValue
  }

  /// What every hash of this version begins with.
  private static let costs = "\(prefix)v=19$m=\(memoryKiB),t=\(passes),p=\(lanes)$"

  /// Whether the hash has the costs of this version.
  static func isCurrent(_ hash: String) -> Bool { hash.hasPrefix(costs) }

  /// A hash that no password has, and that takes as long as every other.
  static let nobodys =
    costs + String(repeating: "A", count: (saltBytes * 8 + 5) / 6) + "$"
    + String(repeating: "A", count: (hashBytes * 8 + 5) / 6)

  private static func randomBytes(_ count: Int) throws(CommandError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard RAND_bytes(&bytes, Int32(count)) == 1 else {
      throw CommandError(.system, "the system gave no random bytes; try again")
    }
    return bytes
  }
}
