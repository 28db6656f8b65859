import CCrypto

/// How clients know users: by a short text for the number, and by a hash of the device id.
enum UserNumber {
  private static let digits = Array(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
  private static let base = UInt64(digits.count)

  /// The number in base 62.
  static func text(_ uid: UInt64) -> String {
    var (rest, text) = (uid, "")
    repeat {
      text.insert(digits[Int(rest % base)], at: text.startIndex)
      rest /= base
    } while rest > 0
    return text
  }

  /// Nil for what is no such text.
  static func number(_ text: String) -> UInt64? {
    var number: UInt64 = 0
    guard !text.isEmpty else { return nil }
    for character in text {
      guard let digit = digits.firstIndex(of: character) else { return nil }
      let (product, isOver) = number.multipliedReportingOverflow(by: base)
      guard !isOver, product <= .max - UInt64(digit) else { return nil }
      number = product + UInt64(digit)
    }
    return number
  }

  /// `_id` of a user: the SHA-1 of the app's key and the device id, in hexadecimal.
  static func hash(appKey: String, device: [UInt8]) -> String {
    let text = Array(appKey.utf8) + device
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var count: UInt32 = 0
    let isDone = EVP_Digest(text, text.count, &digest, &count, EVP_sha1(), nil)
    precondition(isDone == 1, "libcrypto has SHA-1")
    return digest.prefix(Int(count)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
