/// Whether bytes are exactly one JSON value in valid UTF-8 (RFC 8259), so that they can stand
/// inside another text. Nothing is built.
struct JSONCheck {
  static let depthMax = 32

  private let bytes: UnsafeRawBufferPointer
  private var place = 0

  static func isValue(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard String(validating: bytes, as: UTF8.self) != nil else { return false }
    var check = JSONCheck(bytes: bytes)
    check.skipSpace()
    guard check.value(depth: 0) else { return false }
    check.skipSpace()
    return check.place == bytes.count
  }

  /// Of a text that is a value, whether it is an object.
  static func isObject(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.first { !isSpace($0) } == UInt8(ascii: "{")
  }

  private init(bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }

  private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func skipSpace() {
    while let next, Self.isSpace(next) { place += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    place += 1
    return true
  }

  private mutating func take(_ text: StaticString) -> Bool {
    let wanted = UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    guard bytes.dropFirst(place).starts(with: wanted) else { return false }
    place += wanted.count
    return true
  }

  private mutating func value(depth: Int) -> Bool {
    guard depth < Self.depthMax, let next else { return false }
    switch next {
    case UInt8(ascii: "{"): return list(closing: UInt8(ascii: "}"), isObject: true, depth)
    case UInt8(ascii: "["): return list(closing: UInt8(ascii: "]"), isObject: false, depth)
    case UInt8(ascii: "\""): return string()
    case UInt8(ascii: "t"): return take("true")
    case UInt8(ascii: "f"): return take("false")
    case UInt8(ascii: "n"): return take("null")
    default: return number()
    }
  }

  private mutating func list(closing: UInt8, isObject: Bool, _ depth: Int) -> Bool {
    place += 1
    skipSpace()
    if take(closing) { return true }
    while true {
      if isObject {
        guard string() else { return false }
        skipSpace()
        guard take(UInt8(ascii: ":")) else { return false }
        skipSpace()
      }
      guard value(depth: depth + 1) else { return false }
      skipSpace()
      if take(closing) { return true }
      guard take(UInt8(ascii: ",")) else { return false }
      skipSpace()
    }
  }

  private mutating func string() -> Bool {
    guard take(UInt8(ascii: "\"")) else { return false }
    while let byte = next {
      place += 1
      switch byte {
      case UInt8(ascii: "\""): return true
      case UInt8(ascii: "\\"): guard escape() else { return false }
      case 0..<0x20: return false
      default: break
      }
    }
    return false
  }

  private mutating func escape() -> Bool {
    guard let kind = next else { return false }
    place += 1
    guard kind == UInt8(ascii: "u") else { return "\"\\/bfnrt".utf8.contains(kind) }
    for _ in 0..<4 {
      guard let digit = next, Character(UnicodeScalar(digit)).isHexDigit, digit < 0x80 else {
        return false
      }
      place += 1
    }
    return true
  }

  private mutating func number() -> Bool {
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) {
      guard digits() else { return false }
    }
    if take(UInt8(ascii: ".")), !digits() { return false }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      _ = take(UInt8(ascii: "+")) || take(UInt8(ascii: "-"))
      return digits()
    }
    return true
  }

  /// At least one.
  private mutating func digits() -> Bool {
    let start = place
    while let next, (48...57).contains(next) { place += 1 }
    return place > start
  }
}
