/// Whether bytes are UTF-8, and what becomes of those that are not.
enum UTF8Text {
  @inline(__always)
  static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while index &+ 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      if word & 0x8080_8080_8080_8080 != 0 { return false }
      index &+= 8
    }
    while index < bytes.count {
      if bytes[index] >= 0x80 { return false }
      index &+= 1
    }
    return true
  }

  /// Whether the bytes are well-formed UTF-8: no overlong form, no surrogate, nothing cut off.
  static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while index < bytes.count {
      let first = bytes[index]
      index &+= 1
      if first < 0x80 { continue }
      guard let (count, range) = continuation(of: first), index &+ count <= bytes.count,
        range.contains(bytes[index])
      else { return false }
      for offset in 1..<max(count, 1) where bytes[index &+ offset] & 0xC0 != 0x80 { return false }
      index &+= count
    }
    return true
  }

  /// How many bytes follow a lead byte, and what the first of them may be.
  @inline(__always)
  private static func continuation(of lead: UInt8) -> (Int, ClosedRange<UInt8>)? {
    switch lead {
    case 0xC2...0xDF: (1, 0x80...0xBF)
    case 0xE0: (2, 0xA0...0xBF)
    case 0xED: (2, 0x80...0x9F)
    case 0xE1...0xEF: (2, 0x80...0xBF)
    case 0xF0: (3, 0x90...0xBF)
    case 0xF1...0xF3: (3, 0x80...0xBF)
    case 0xF4: (3, 0x80...0x8F)
    default: nil
    }
  }

  /// Replaces each ill-formed sequence behind `start` with U+FFFD; answers whether there was one.
  static func repair(_ buffer: EntryBuffer, from start: Int) -> Bool {
    let bytes = buffer.bytes.suffix(after: start)
    if isValid(bytes) { return false }
    // Malformed input is rare, and the standard library knows how much one U+FFFD stands for.
    var text = String(decoding: bytes, as: UTF8.self)
    buffer.truncate(to: start)
    text.withUTF8 { buffer.append(UnsafeRawBufferPointer($0)) }
    return true
  }
}
