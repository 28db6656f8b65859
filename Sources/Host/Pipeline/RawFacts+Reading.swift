/// Reads what `RawFacts` wrote.
extension RawFacts {
  /// One fact about an item: who said it, and what.
  struct Fact: Equatable {
    let name: [UInt8]
    let value: [UInt8]
  }

  /// The facts of an item, newest first; nil when the bytes do not add up.
  static func read(_ bytes: [UInt8]) -> [Fact]? {
    var facts: [Fact] = []
    var place = 0
    while place < bytes.count {
      let nameEnd = place + 1 + Int(bytes[place])
      guard nameEnd + 4 <= bytes.count else { return nil }
      let name = Array(bytes[place + 1..<nameEnd])
      let length = (0..<4).reduce(0) { $0 | Int(bytes[nameEnd + $1]) << (8 * $1) }
      place = nameEnd + 4
      guard let value = readWords(bytes, &place, length) else { return nil }
      facts.append(Fact(name: name, value: value))
    }
    return facts
  }

  private static func readWords(
    _ bytes: [UInt8], _ place: inout Int, _ length: Int
  ) -> [UInt8]? {
    guard length <= factBytesMax else { return nil }
    var value = [UInt8](repeating: 0, count: (length + 7) & ~7)
    var offset = 0
    while offset < length {
      guard place < bytes.count else { return nil }
      let mask = bytes[place]
      place += 1
      for bit in 0..<8 where offset < length {
        if mask >> UInt8(bit) & 1 != 0 {
          guard place + 8 <= bytes.count else { return nil }
          value.replaceSubrange(offset..<offset + 8, with: bytes[place..<place + 8])
          place += 8
        }
        offset += 8
      }
    }
    return Array(value.prefix(length))
  }

  /// More than any plugin may say about an item.
  private static let factBytesMax = 1 << 20
}
