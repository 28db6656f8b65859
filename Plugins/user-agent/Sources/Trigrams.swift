/// Which triples of neighbouring bytes occur in a text, letters in lower case: a set in which what is
/// not there may seem to be there, never the other way round.
struct Trigrams {
  static let bits = 4_096
  /// Triples of one required text that are asked for.
  static let askedMax = 4

  private var words = [UInt64](repeating: 0, count: bits / 64)

  mutating func fill(_ text: UnsafeRawBufferPointer) {
    for place in words.indices { words[place] = 0 }
    guard text.count >= 3 else { return }
    var triple = UInt32(Self.lower(text[0])) << 8 | UInt32(Self.lower(text[1]))
    for place in 2..<text.count {
      triple = (triple << 8 | UInt32(Self.lower(text[place]))) & 0xFF_FFFF
      let bit = Self.bit(triple)
      words[bit >> 6] |= 1 << UInt64(bit & 63)
    }
  }

  @inline(__always)
  func contains(_ bits: [UInt16]) -> Bool {
    for bit in bits where words[Int(bit >> 6)] >> UInt64(bit & 63) & 1 == 0 { return false }
    return true
  }

  /// What `contains` is asked for about a text that is in lower case.
  static func bits(of text: [UInt8]) -> [UInt16] {
    guard text.count >= 3 else { return [] }
    return (2..<text.count).prefix(askedMax).map { place in
      let triple = text[place - 2...place].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      return UInt16(bit(triple))
    }
  }

  private static func bit(_ triple: UInt32) -> Int {
    Int((triple &* 0x9E37_79B1) >> 20)
  }

  @inline(__always)
  private static func lower(_ byte: UInt8) -> UInt8 {
    byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
  }
}
