import PluginKit

/// Reads JSON texts that come in parameters of questions and in commands: rare and short, unlike
/// what requests carry, which the host has parsed already.
struct JSONReader {
  /// Values of one array or object; more are refused.
  static let childrenMax = 1_000

  private let text: Text
  private var place = 0

  /// The value, or nil when the text is anything else than one.
  static func parse(_ text: Text) -> ProfileValue? {
    var reader = JSONReader(text: text)
    guard let value = reader.value(depth: 0) else { return nil }
    reader.skipSpace()
    return reader.place == text.count ? value : nil
  }

  private init(text: Text) {
    self.text = text
  }

  private mutating func value(depth: Int) -> ProfileValue? {
    guard depth <= ProfileValue.depthMax else { return nil }
    skipSpace()
    guard place < text.count else { return nil }
    switch text[place] {
    case UInt8(ascii: "\""): return string().map { .text($0) }
    case UInt8(ascii: "["): return list(depth)
    case UInt8(ascii: "{"): return object(depth)
    case UInt8(ascii: "t"): return word("true") ? .bool(true) : nil
    case UInt8(ascii: "f"): return word("false") ? .bool(false) : nil
    case UInt8(ascii: "n"): return word("null") ? .null : nil
    default: return number()
    }
  }

  private mutating func list(_ depth: Int) -> ProfileValue? {
    var values: [ProfileValue] = []
    guard take("[") else { return nil }
    if take("]") { return .list([]) }
    repeat {
      guard values.count < Self.childrenMax, let value = value(depth: depth + 1) else {
        return nil
      }
      values.append(value)
    } while take(",")
    return take("]") ? .list(values) : nil
  }

  private mutating func object(_ depth: Int) -> ProfileValue? {
    var members: [ProfileValue.Member] = []
    guard take("{") else { return nil }
    if take("}") { return .object([]) }
    repeat {
      guard members.count < Self.childrenMax, let name = string(), take(":"),
        let value = value(depth: depth + 1)
      else { return nil }
      members.append(.init(name: name, value: value))
    } while take(",")
    return take("}") ? .object(members) : nil
  }

  private mutating func word(_ word: Text) -> Bool {
    guard text.dropFirst(place).hasPrefix(word) else { return false }
    place += word.count
    return true
  }

  private mutating func number() -> ProfileValue? {
    let start = place
    while place < text.count, Self.isNumeric(text[place]) { place += 1 }
    let digits = String(text.dropFirst(start).prefix(place - start))
    if let int = Int64(digits) { return .int(int) }
    return Double(digits).flatMap { $0.isFinite ? .double($0) : nil }
  }

  private static func isNumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
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
