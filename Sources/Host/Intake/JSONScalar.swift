/// The text of one JSON string, number or truth value: what a parameter would be in a form.
enum JSONScalar {
  /// The text when it stands in the JSON as it is, without an escape; nil otherwise.
  @inline(__always)
  static func plain(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    guard let first = value.first else { return nil }
    switch first {
    case UInt8(ascii: "\""):
      let inner = value.part(1, max(value.count - 2, 0))
      return inner.contains(UInt8(ascii: "\\")) ? nil : inner
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "n"): return nil
    default: return value
    }
  }

  /// Appends the text; false for null, an object or an array, which stand for no text.
  static func append(_ value: UnsafeRawBufferPointer, to buffer: EntryBuffer) -> Bool {
    if let plain = plain(value) {
      buffer.append(plain)
      return true
    }
    guard value.first == UInt8(ascii: "\"") else { return false }
    unescape(value.part(1, value.count - 2), into: buffer)
    return true
  }

  /// Resolves the escapes of a string's inside. Half a surrogate pair becomes U+FFFD; an unknown
  /// escape stands for its character.
  static func unescape(_ text: UnsafeRawBufferPointer, into buffer: EntryBuffer) {
    var index = 0
    while index < text.count {
      let byte = text[index]
      index += 1
      guard byte == UInt8(ascii: "\\"), index < text.count else {
        buffer.append(byte)
        continue
      }
      let escape = text[index]
      index += 1
      if escape == UInt8(ascii: "u") {
        appendUnicode(text, &index, into: buffer)
      } else {
        buffer.append(controlCharacter(escape))
      }
    }
  }

  private static func controlCharacter(_ escape: UInt8) -> UInt8 {
    switch escape {
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "t"): 0x09
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    default: escape
    }
  }

  private static func appendUnicode(
    _ text: UnsafeRawBufferPointer, _ index: inout Int, into buffer: EntryBuffer
  ) {
    let high = codeUnit(text, &index)
    var scalar = high.flatMap { Unicode.Scalar(UInt32($0)) }
    if let high, UTF16.isLeadSurrogate(high), index + 1 < text.count,
      text[index] == UInt8(ascii: "\\"), text[index + 1] == UInt8(ascii: "u")
    {
      var next = index + 2
      if let low = codeUnit(text, &next), UTF16.isTrailSurrogate(low) {
        let offset = (UInt32(high) - 0xD800) << 10 | (UInt32(low) - 0xDC00)
        scalar = Unicode.Scalar(0x10000 + offset)
        index = next
      }
    }
    for byte in UTF8.encode(scalar ?? "\u{FFFD}") ?? UTF8.encodedReplacementCharacter {
      buffer.append(byte)
    }
  }

  /// Four hexadecimal digits; nil, and nothing taken, when they are not there.
  private static func codeUnit(_ text: UnsafeRawBufferPointer, _ index: inout Int) -> UInt16? {
    guard index + 4 <= text.count else { return nil }
    var unit: UInt16 = 0
    for byte in text[index..<index + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
      unit = unit << 4 | UInt16(digit)
    }
    index += 4
    return unit
  }
}
