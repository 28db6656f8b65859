/// Appends compact JSON to bytes, without values in between. Commas come by themselves; braces are
/// the caller's.
package struct JSONWriter: Sendable {
  /// What was written so far.
  package private(set) var bytes: [UInt8] = []
  private let escapesHTML: Bool

  /// Strings and keys are escaped for HTML unless the asker turned that off: clients put them into
  /// pages as they are.
  package init(escapesHTML: Bool = true) {
    self.escapesHTML = escapesHTML
  }

  package mutating func open(_ bracket: Bracket) {
    separate()
    bytes.append(bracket.opening)
  }

  package mutating func close(_ bracket: Bracket) {
    bytes.append(bracket.closing)
  }

  package mutating func key(_ text: String) {
    separate()
    Self.append(text, to: &bytes, escapesHTML: escapesHTML)
    bytes.append(UInt8(ascii: ":"))
  }

  package mutating func string(_ text: String) {
    separate()
    Self.append(text, to: &bytes, escapesHTML: escapesHTML)
  }

  /// Writes a decimal number given in units of 10^-scale: the fewest digits that say it, and no
  /// exponent.
  package mutating func number(_ value: Int64, scale: Int = 0) {
    separate()
    Self.append(value, scale: scale, to: &bytes)
  }

  /// A key as `key` writes it, to be made once and written often with `rendered`.
  func rendered(key text: String) -> [UInt8] {
    var writer = JSONWriter(escapesHTML: escapesHTML)
    writer.key(text)
    return writer.bytes
  }

  mutating func rendered(_ key: [UInt8]) {
    separate()
    bytes.append(contentsOf: key)
  }

  /// The end of what was written, to come back to.
  var mark: Int { bytes.count }

  mutating func rewind(to mark: Int) {
    bytes.removeLast(bytes.count - mark)
  }

  /// What was written since the mark, as `rendered` takes it: without the comma before it.
  func written(since mark: Int) -> [UInt8] {
    Array(bytes[mark...].drop { $0 == UInt8(ascii: ",") })
  }

  /// Whether the innermost open bracket holds nothing yet.
  var isAtOpening: Bool {
    bytes.last == Bracket.object.opening || bytes.last == Bracket.array.opening
  }

  mutating func reserveCapacity(_ count: Int) {
    bytes.reserveCapacity(count)
  }

  /// A value follows its key or an opening bracket directly, and anything else after a comma.
  private mutating func separate() {
    guard let last = bytes.last, last != UInt8(ascii: ":"), !isAtOpening else { return }
    bytes.append(UInt8(ascii: ","))
  }

  /// What an object or array is written in.
  package enum Bracket: Sendable {
    case object
    case array

    fileprivate var opening: UInt8 { self == .object ? UInt8(ascii: "{") : UInt8(ascii: "[") }
    fileprivate var closing: UInt8 { self == .object ? UInt8(ascii: "}") : UInt8(ascii: "]") }
  }
}

extension JSONWriter {
  /// Appends the text as a JSON string. For HTML, `& < > " '` become entities; an entity that is
  /// already one of these five stays as it is, so that text escaped before is not escaped twice.
  package static func append(_ text: String, to bytes: inout [UInt8], escapesHTML: Bool = true) {
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { utf8 in
      var index = 0
      while index < utf8.count {
        let rest = utf8[index...]
        append(utf8[index], rest, to: &bytes, escapesHTML: escapesHTML)
        index += 1
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func append(
    _ byte: UInt8, _ rest: Slice<UnsafeBufferPointer<UInt8>>, to bytes: inout [UInt8],
    escapesHTML: Bool
  ) {
    if escapesHTML, let entity = entity(of: byte) {
      let isEscaped = byte == UInt8(ascii: "&") && entities.contains { rest.starts(with: $0.utf8) }
      if isEscaped { bytes.append(byte) } else { bytes.append(contentsOf: entity.utf8) }
      return
    }
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    case 0..<0x20:
      bytes.append(contentsOf: "\\u00".utf8)
      bytes.append(hexDigits[Int(byte >> 4)])
      bytes.append(hexDigits[Int(byte & 15)])
    default:
      bytes.append(byte)
    }
  }

  private static func entity(of byte: UInt8) -> String? {
    switch byte {
    case UInt8(ascii: "&"): "&amp;"
    case UInt8(ascii: "<"): "&lt;"
    case UInt8(ascii: ">"): "&gt;"
    case UInt8(ascii: "\""): "&quot;"
    case UInt8(ascii: "'"): "&#39;"
    default: nil
    }
  }

  private static let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"]
  private static let hexDigits = Array("0123456789abcdef".utf8)

  private static func append(_ value: Int64, scale: Int, to bytes: inout [UInt8]) {
    var magnitude = value.magnitude
    var decimals = scale
    while decimals > 0, magnitude % 10 == 0 {
      magnitude /= 10
      decimals -= 1
    }
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    let first = bytes.count
    var written = 0
    while magnitude > 0 || written <= decimals {
      if written == decimals, decimals > 0 { bytes.append(UInt8(ascii: ".")) }
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude % 10))
      magnitude /= 10
      written += 1
    }
    bytes[first...].reverse()
  }
}
