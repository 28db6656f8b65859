/// A plain recursive parser; strict, so that a wrong answer of the server does not slip through.
struct JSONParser {
  private let bytes: [UInt8]
  private var at = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(HarnessError) -> JSON {
    let value = try value()
    skipSpace()
    guard at == bytes.count else { throw error("text behind the value") }
    return value
  }

  private func error(_ what: String) -> HarnessError {
    let text = String(decoding: bytes.prefix(400), as: UTF8.self)
    return HarnessError("JSON: \(what) at byte \(at) of \(text)")
  }

  private mutating func skipSpace() {
    while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
  }

  private mutating func accept(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard at + count <= bytes.count else { return false }
    let matches = text.withUTF8Buffer { bytes[at..<at + count].elementsEqual($0) }
    if matches { at += count }
    return matches
  }

  private mutating func value() throws(HarnessError) -> JSON {
    skipSpace()
    guard at < bytes.count else { throw error("end of text") }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try object()
    case UInt8(ascii: "["): return try array()
    case UInt8(ascii: "\""): return .string(try string())
    default: break
    }
    if accept("true") { return .bool(true) }
    if accept("false") { return .bool(false) }
    if accept("null") { return .null }
    return try number()
  }

  private mutating func number() throws(HarnessError) -> JSON {
    let start = at
    while at < bytes.count, "+-.0123456789eE".utf8.contains(bytes[at]) { at += 1 }
    guard let value = Double(String(decoding: bytes[start..<at], as: UTF8.self)) else {
      throw error("no value")
    }
    return .number(value)
  }

  private mutating func array() throws(HarnessError) -> JSON {
    at += 1
    var list: [JSON] = []
    skipSpace()
    if accept("]") { return .array(list) }
    while true {
      list.append(try value())
      skipSpace()
      if accept("]") { return .array(list) }
      guard accept(",") else { throw error("no comma") }
    }
  }

  private mutating func object() throws(HarnessError) -> JSON {
    at += 1
    var members: [String: JSON] = [:]
    skipSpace()
    if accept("}") { return .object(members) }
    while true {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw error("no name") }
      let key = try string()
      skipSpace()
      guard accept(":") else { throw error("no colon") }
      guard members[key] == nil else { throw error("\(key) twice") }
      members[key] = try value()
      skipSpace()
      if accept("}") { return .object(members) }
      guard accept(",") else { throw error("no comma") }
    }
  }

  private mutating func string() throws(HarnessError) -> String {
    at += 1
    var units: [UInt8] = []
    while at < bytes.count {
      let byte = bytes[at]
      at += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: units, as: UTF8.self)
      case UInt8(ascii: "\\"): units += Array(String(try escape()).utf8)
      case ..<0x20: throw error("control character in a string")
      default: units.append(byte)
      }
    }
    throw error("string without end")
  }

  private mutating func escape() throws(HarnessError) -> Character {
    guard at < bytes.count else { throw error("end of text") }
    let byte = bytes[at]
    at += 1
    switch byte {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
      return Character(UnicodeScalar(byte))
    case UInt8(ascii: "u"):
      var unit = try hex()
      if (0xD800..<0xDC00).contains(unit), accept("\\u") {
        unit = 0x10000 + (unit - 0xD800) * 0x400 + (try hex()) - 0xDC00
      }
      guard let scalar = UnicodeScalar(unit) else { throw error("lone surrogate") }
      return Character(scalar)
    default: throw error("unknown escape")
    }
  }

  private mutating func hex() throws(HarnessError) -> UInt32 {
    guard at + 4 <= bytes.count,
      let unit = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
    else { throw error("bad escape") }
    at += 4
    return unit
  }
}
