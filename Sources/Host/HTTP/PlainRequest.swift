/// The head of a request as nearly every client writes it: `GET` or `POST`, HTTP/1.1, plain fields,
/// a length instead of chunks, nothing about the connection but that it stays.
///
/// Any other head is none of these and the decoder's. So this need not know all of HTTP, but may
/// take nothing that the decoder would read otherwise, or refuse.
struct PlainRequest {
  private(set) var isPost = false
  /// Where the target lies in the text.
  private(set) var target = 0..<0
  private(set) var format = IntakeRequest.BodyFormat.form
  /// Where the value of `X-Forwarded-For` lies in the text.
  private(set) var forwarded: Range<Int>?
  /// Bytes up to the body.
  private(set) var headBytes = 0
  private(set) var bodyBytes = 0
  private var seen = Field()

  /// Head and body.
  var bytes: Int { headBytes + bodyBytes }

  /// Fields that mean something, each of which may come once.
  private struct Field: OptionSet {
    let rawValue: UInt8
    static let length = Field(rawValue: 1)
    static let type = Field(rawValue: 2)
    static let forwarded = Field(rawValue: 4)
  }

  /// Reads the head that `text` begins with; nil when it is another, or not yet whole.
  init?(_ text: UnsafeRawBufferPointer, limits: HTTPLimits) {
    guard var place = readLine(text) else { return nil }
    var fields = 0
    while place + 1 < text.count, text[place] != Self.return {
      fields += 1
      guard fields <= limits.headerFieldsMax, let next = readField(text, at: place) else {
        return nil
      }
      place = next
    }
    guard place + 1 < text.count, text[place + 1] == Self.newline else { return nil }
    headBytes = place + 2
    guard headBytes <= limits.headerBytesMax else { return nil }
  }

  private static let `return` = UInt8(ascii: "\r")
  private static let newline = UInt8(ascii: "\n")
  private static let tab = UInt8(ascii: "\t")
  private static let space = UInt8(ascii: " ")

  /// The request line; where the line behind it begins.
  private mutating func readLine(_ text: UnsafeRawBufferPointer) -> Int? {
    isPost = HashText.starts(text, "POST /")
    guard isPost || HashText.starts(text, "GET /") else { return nil }
    let start = isPost ? 5 : 4
    var end = start
    while end < text.count, text[end] > Self.space, text[end] < 0x7F { end += 1 }
    target = start..<end
    let rest = text.suffix(after: end)
    return HashText.starts(rest, " HTTP/1.1\r\n") ? end + 11 : nil
  }

  /// One field; where the next begins.
  private mutating func readField(_ text: UnsafeRawBufferPointer, at start: Int) -> Int? {
    var colon = start
    while colon < text.count, Self.isOfName(text[colon]) { colon += 1 }
    guard colon > start, colon < text.count, text[colon] == UInt8(ascii: ":") else { return nil }
    var first = colon + 1
    while first < text.count, Self.isBlank(text[first]) { first += 1 }
    var end = first
    while end < text.count, Self.isOfValue(text[end]) { end += 1 }
    guard end + 1 < text.count, text[end] == Self.return, text[end + 1] == Self.newline else {
      return nil
    }
    var last = end
    while last > first, Self.isBlank(text[last - 1]) { last -= 1 }
    let name = text.part(start, colon - start)
    return take(name, first..<last, of: text) ? end + 2 : nil
  }

  @inline(__always)
  private static func isOfName(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte &- UInt8(ascii: "0") < 10
      || byte == UInt8(ascii: "-")
  }

  @inline(__always)
  private static func isOfValue(_ byte: UInt8) -> Bool {
    byte >= space && byte != 0x7F || byte == tab
  }

  @inline(__always)
  private static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }
}

/// What fields mean. Those that say how the request is framed, or what becomes of the connection,
/// are the decoder's.
extension PlainRequest {
  private mutating func take(
    _ name: UnsafeRawBufferPointer, _ value: Range<Int>, of text: UnsafeRawBufferPointer
  ) -> Bool {
    let content = text.part(value.lowerBound, value.count)
    switch name.count {
    case 6: return !Self.isEqual(name, "expect")
    case 7: return !Self.isEqual(name, "upgrade")
    case 10 where Self.isEqual(name, "connection"): return Self.isEqual(content, "keep-alive")
    case 12 where Self.isEqual(name, "content-type"): return takeType(content)
    case 14 where Self.isEqual(name, "content-length"): return takeLength(content)
    case 15 where Self.isEqual(name, "x-forwarded-for"):
      forwarded = value
      return isFirst(.forwarded)
    case 16: return !Self.isEqual(name, "proxy-connection")
    case 17: return !Self.isEqual(name, "transfer-encoding")
    default: return true
    }
  }

  private mutating func takeType(_ value: UnsafeRawBufferPointer) -> Bool {
    guard isFirst(.type) else { return false }
    if Self.isEqual(value, "application/x-www-form-urlencoded") { return true }
    let type = String(decoding: value, as: UTF8.self)
    if HeaderText.isJSON(type) { format = .json }
    return !HeaderText.hasPrefix(type, "multipart/")
  }

  /// More digits than a body may have bytes are the decoder's to refuse.
  private mutating func takeLength(_ value: UnsafeRawBufferPointer) -> Bool {
    guard isFirst(.length), (1...9).contains(value.count) else { return false }
    for byte in value {
      let digit = byte &- UInt8(ascii: "0")
      guard digit < 10 else { return false }
      bodyBytes = bodyBytes * 10 + Int(digit)
    }
    return true
  }

  private mutating func isFirst(_ field: Field) -> Bool { seen.insert(field).inserted }

  /// Without regard to case. `lowercase` is of lower letters, digits, `-` and `/`, which nothing else
  /// that a field holds becomes when its case is folded.
  @inline(__always)
  private static func isEqual(_ text: UnsafeRawBufferPointer, _ lowercase: StaticString) -> Bool {
    guard text.count == lowercase.utf8CodeUnitCount else { return false }
    for index in 0..<text.count where text[index] | 0x20 != lowercase.utf8Start[index] {
      return false
    }
    return true
  }
}
