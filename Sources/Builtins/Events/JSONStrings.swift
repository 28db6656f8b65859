import PluginKit

/// Reads a JSON array of strings, as questions carry it in a parameter.
struct JSONStrings {
  /// Strings of one array; more are refused.
  static let stringsMax = 1_000

  private let text: Text
  private var place = 0

  /// The strings, or nil when the text is anything else.
  static func parse(_ text: Text) -> [String]? {
    var reader = JSONStrings(text: text)
    guard reader.take("["), let strings = reader.strings() else { return nil }
    reader.skipSpace()
    return reader.place == text.count ? strings : nil
  }

  private init(text: Text) {
    self.text = text
  }

  private mutating func strings() -> [String]? {
    var strings: [String] = []
    if take("]") { return strings }
    repeat {
      guard strings.count < Self.stringsMax, let string = string() else { return nil }
      strings.append(string)
    } while take(",")
    return take("]") ? strings : nil
  }

  private mutating func string() -> String? {
    guard take("\"") else { return nil }
    var units: [UInt8] = []
    while place < text.count {
      let byte = text[place]
      place += 1
      if byte == UInt8(ascii: "\"") { return String(decoding: units, as: UTF8.self) }
      if byte != UInt8(ascii: "\\") {
        units.append(byte)
      } else if let scalar = escape() {
        units.append(contentsOf: String(scalar).utf8)
      } else {
        return nil
      }
    }
    return nil
  }

  /// What follows a backslash.
  private mutating func escape() -> Character? {
    guard place < text.count else { return nil }
    let byte = text[place]
    place += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{C}"
    case UInt8(ascii: "u"): return scalar()
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
      return Character(Unicode.Scalar(byte))
    default: return nil
    }
  }

  /// A scalar of one or two `\u` escapes; a lone surrogate becomes U+FFFD.
  private mutating func scalar() -> Character? {
    guard let high = hexadecimal() else { return nil }
    if let scalar = Unicode.Scalar(high) { return Character(scalar) }
    let start = place
    guard high < 0xDC00, text.dropFirst(place).hasPrefix("\\u"), let low = lowSurrogate(),
      let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else {
      place = start
      return "\u{FFFD}"
    }
    return Character(scalar)
  }

  private mutating func lowSurrogate() -> UInt32? {
    place += 2
    return hexadecimal().flatMap { 0xDC00...0xDFFF ~= $0 ? $0 : nil }
  }

  private mutating func hexadecimal() -> UInt32? {
    guard place + 4 <= text.count else { return nil }
    defer { place += 4 }
    return UInt32(String(text.dropFirst(place).prefix(4)), radix: 16)
  }

  private mutating func take(_ byte: Unicode.Scalar) -> Bool {
    skipSpace()
    guard place < text.count, text[place] == UInt8(ascii: byte) else { return false }
    place += 1
    return true
  }

  private mutating func skipSpace() {
    while place < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[place]) { place += 1 }
  }
}
