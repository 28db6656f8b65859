/// Random names: lower-case hexadecimal digits from the system's generator, unless another one is
/// given.
enum Identifier {
  static func hex(bytes: Int, using generator: inout some RandomNumberGenerator) -> String {
    hex((0..<bytes).map { _ in UInt8.random(in: 0...255, using: &generator) })
  }

  /// Bytes as lower-case hexadecimal digits.
  static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".unicodeScalars)
    var text = String.UnicodeScalarView()
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(text)
  }
}
