/// The facts of a raw row, read back.
extension RawFacts {
  /// Names and values, newest first as they are kept; nil when the bytes do not add up.
  static func read(_ bytes: [UInt8]) -> [(name: [UInt8], value: [UInt8])]? {
    bytes.withUnsafeBytes { bytes in
      var facts: [(name: [UInt8], value: [UInt8])] = []
      var place = 0
      while place < bytes.count {
        let nameEnd = place + 1 + Int(bytes[place])
        guard nameEnd + 4 <= bytes.count else { return nil }
        let count = Int(bytes.little(at: nameEnd) as UInt32)
        let name = Array(bytes[(place + 1)..<nameEnd])
        place = nameEnd + 4
        guard let value = words(bytes, &place, count: count) else { return nil }
        facts.append((name, value))
      }
      return facts
    }
  }

  /// The reverse of `appendWords`.
  private static func words(
    _ bytes: UnsafeRawBufferPointer, _ place: inout Int, count: Int
  ) -> [UInt8]? {
    // Each byte of the text stands for at most eight words.
    guard count <= bytes.count * 64 else { return nil }
    var value = [UInt8](repeating: 0, count: (count + 7) & ~7)
    var offset = 0
    while offset < count {
      guard place < bytes.count else { return nil }
      let mask = bytes[place]
      place += 1
      for bit in 0..<8 where offset < count {
        if mask & 1 << UInt8(bit) != 0 {
          guard place + 8 <= bytes.count else { return nil }
          value.replaceSubrange(offset..<offset + 8, with: bytes[place..<place + 8])
          place += 8
        }
        offset += 8
      }
    }
    value.removeLast(value.count - count)
    return value
  }
}
