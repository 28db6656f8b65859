import Foundation

/// The data folder, held by this process alone for as long as the value lives or until `release`.
/// The lock is the kernel's: it ends with the process, however that ends.
final class DataFolder: Sendable {
  static let lockName = "lock"

  /// Absolute.
  let path: String
  private let descriptor: Int32

  /// Makes the folder where it is missing, and locks it.
  init(locking path: String) throws(CommandError) {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw CommandError(
        .system,
        "the data folder \(path) cannot be made: \(error.localizedDescription) "
          + "Give a folder this user may write with --data")
    }
    self.path = path
    let lock = path + "/" + Self.lockName
    descriptor = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .system("\(lock) cannot be opened", errno: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      let holder = Self.holder(descriptor)
      close(descriptor)
      guard code == EWOULDBLOCK else { throw .system("\(lock) cannot be locked", errno: code) }
      throw CommandError(
        .locked,
        "the data folder \(path) is in use by process \(holder); "
          + "stop it or give another folder with --data")
    }
    Self.write("\(getpid())\n", to: descriptor)
  }

  /// Locks a folder that must hold data of Tally.
  convenience init(existing path: String) throws(CommandError) {
    try Self.check(existing: path)
    try self.init(locking: path)
  }

  /// Refuses a folder that holds no data of Tally.
  static func check(existing path: String) throws(CommandError) {
    guard FileManager.default.fileExists(atPath: path + "/tally.db") else {
      throw CommandError(
        .invalidArgument, "\(path) holds no data of Tally; name the folder with --data")
    }
  }

  deinit { close(descriptor) }

  private static func holder(_ descriptor: Int32) -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let text = String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
    return Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)).map(String.init) ?? "unknown"
  }

  /// The pid only serves the message of the next one who asks, so a failure to write it is no
  /// failure.
  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    guard ftruncate(descriptor, 0) == 0 else { return }
    _ = SystemCall.retrying { pwrite(descriptor, bytes, bytes.count, 0) }
  }
}
