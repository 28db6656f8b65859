/// `application/x-www-form-urlencoded` text, read as browsers read it: a malformed escape stays as
/// it is, invalid UTF-8 becomes U+FFFD, empty pairs are skipped. Nothing is refused for its form.
enum FormText {
  /// Reads the pairs of `text` into `list`. Names that need decoding go to `scratch`, which must
  /// have room for them already: its memory may not move.
  static func read(
    _ text: UnsafeRawBufferPointer, into list: inout ParameterList, scratch: EntryBuffer,
    limits: IntakeLimits
  ) throws(IntakeRefusal) {
    var start = 0
    while start < text.count {
      let pair = Pair(text, from: start)
      start = pair.end + 1
      if pair.isEmpty { continue }
      let raw = text.part(pair.start, pair.nameEnd - pair.start)
      guard raw.count <= limits.nameBytesMax * 3 else {
        throw IntakeRefusal(.parameterNameTooLong)
      }
      let mark = scratch.count
      let key = pair.isNameEscaped ? decodedName(raw, scratch) : raw
      guard key.count <= limits.nameBytesMax else { throw IntakeRefusal(.parameterNameTooLong) }
      let parameter = SentParameter(
        key: key, name: ParameterName(key),
        value: text.part(pair.valueStart, pair.end - pair.valueStart),
        encoding: pair.isValueEscaped ? .escaped : .plain)
      switch list.set(parameter, limit: limits.parametersMax) {
      case .added: break
      case .replaced: scratch.truncate(to: mark)
      case .full: throw IntakeRefusal(.tooManyParameters)
      }
    }
  }

  private static func decodedName(
    _ raw: UnsafeRawBufferPointer, _ scratch: EntryBuffer
  ) -> UnsafeRawBufferPointer {
    let start = scratch.count
    _ = decode(raw, into: scratch)
    return scratch.bytes.suffix(after: start)
  }

  /// One `name=value`, as offsets into the text it stands in.
  struct Pair {
    let start: Int
    private(set) var nameEnd: Int
    let valueStart: Int
    /// The separator behind the pair, or the text's end.
    let end: Int
    /// The name has to be decoded: it has escapes, or bytes that may be no UTF-8.
    private(set) var isNameEscaped = false
    private(set) var isValueEscaped = false

    var isEmpty: Bool { end == start }

    @inline(__always)
    init(_ text: UnsafeRawBufferPointer, from start: Int) {
      self.start = start
      end = text.firstOffset(of: UInt8(ascii: "&"), from: start) ?? text.count
      nameEnd = start
      var bits: UInt8 = 0
      while nameEnd < end, text[nameEnd] != UInt8(ascii: "=") {
        if Self.isEscape(text[nameEnd]) { isNameEscaped = true }
        bits |= text[nameEnd]
        nameEnd &+= 1
      }
      if bits >= 0x80 { isNameEscaped = true }
      valueStart = min(nameEnd &+ 1, end)
      var index = valueStart
      while index < end, !isValueEscaped {
        isValueEscaped = Self.isEscape(text[index])
        index &+= 1
      }
    }

    @inline(__always)
    private static func isEscape(_ byte: UInt8) -> Bool {
      byte == UInt8(ascii: "%") || byte == UInt8(ascii: "+")
    }
  }

  /// Appends the decoded text; answers whether its UTF-8 had to be repaired.
  @inline(__always)
  static func decode(_ raw: UnsafeRawBufferPointer, into buffer: EntryBuffer) -> Bool {
    let start = buffer.count
    let isASCII = unescape(raw, into: buffer)
    return isASCII ? false : UTF8Text.repair(buffer, from: start)
  }

  /// Appends text that has no escapes; answers whether its UTF-8 had to be repaired.
  @inline(__always)
  static func copy(_ raw: UnsafeRawBufferPointer, into buffer: EntryBuffer) -> Bool {
    let start = buffer.count
    buffer.append(raw)
    return UTF8Text.isASCII(raw) ? false : UTF8Text.repair(buffer, from: start)
  }
}
