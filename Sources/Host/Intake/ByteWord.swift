/// Eight bytes of text as one number, to be searched all at once.
struct ByteWord {
  static let bytes = 8
  static let highBits: UInt64 = 0x8080_8080_8080_8080
  private static let ones: UInt64 = 0x0101_0101_0101_0101

  /// The first byte is the lowest.
  let value: UInt64

  /// The caller has checked the bounds.
  @inline(__always)
  init(_ text: UnsafeRawBufferPointer, at offset: Int) {
    value = UInt64(littleEndian: text.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  /// How many bytes lie before the first that is one of the two.
  @inline(__always)
  func firstMatch(_ one: UInt8, _ other: UInt8) -> Int {
    (marks(value, one) | marks(value, other)).trailingZeroBitCount >> 3
  }

  /// How many bytes lie before the first quote, brace or bracket.
  @inline(__always)
  var firstQuoteOrBracket: Int {
    // In ASCII a bracket and its brace differ in one bit.
    let folded = value | (Self.ones << 5)
    return
      (marks(value, UInt8(ascii: "\"")) | marks(folded, UInt8(ascii: "{"))
      | marks(folded, UInt8(ascii: "}"))).trailingZeroBitCount >> 3
  }

  /// A mask of the lowest `count` bytes.
  @inline(__always)
  static func lowBytes(_ count: Int) -> UInt64 { ~(UInt64.max << UInt64(count * 8)) }

  /// The high bit of the first byte that equals `byte`; higher ones may be wrong.
  @inline(__always)
  private func marks(_ word: UInt64, _ byte: UInt8) -> UInt64 {
    let difference = word ^ (Self.ones &* UInt64(byte))
    return (difference &- Self.ones) & ~difference & Self.highBits
  }
}
