/// Random names: lower-case hexadecimal digits from the system's generator, unless another one is
/// given.
enum Identifier {
  static func hex(bytes: Int, using generator: inout some RandomNumberGenerator) -> String {
    let digits = Array("0123456789abcdef".unicodeScalars)
    var text = String.UnicodeScalarView()
    for _ in 0..<bytes {
      let byte = Int.random(in: 0...255, using: &generator)
      text.append(digits[byte >> 4])
      text.append(digits[byte & 15])
    }
    return String(text)
  }
}
