import PluginRuntime

/// Writes the facts of an item in the form raw rows keep, which no process's numbers enter: per
/// fact, newest first, `u8 name_len · name · u32 len · words`, little-endian. Facts are mostly
/// zeros, so the words are kept in groups of eight behind a byte that says which of them are not
/// zero.
struct RawFacts {
  private let names: [UInt32: [UInt8]]
  private(set) var bytes: [UInt8] = []

  /// `names` is the text of each interned name under which a plugin says facts.
  init(names: [UInt32: [UInt8]]) {
    self.names = names
  }

  /// Replaces `bytes` with the facts of one item.
  mutating func collect(from facts: FactBlock, item: Int) {
    bytes.removeAll(keepingCapacity: true)
    facts.forEach(item: item) { name, value in
      let text = names[name] ?? []
      bytes.append(UInt8(text.count))
      bytes.append(contentsOf: text)
      withUnsafeBytes(of: UInt32(value.count).littleEndian) { bytes.append(contentsOf: $0) }
      appendWords(value)
    }
  }

  private mutating func appendWords(_ value: UnsafeRawBufferPointer) {
    var offset = 0
    while offset < value.count {
      let mask = bytes.count
      bytes.append(0)
      for bit in 0..<8 where offset < value.count {
        let word = Self.word(value, at: offset)
        if word != 0 {
          bytes[mask] |= 1 << UInt8(bit)
          withUnsafeBytes(of: word) { bytes.append(contentsOf: $0) }
        }
        offset += 8
      }
    }
  }

  /// Eight bytes; behind the end there are zeros.
  @inline(__always)
  private static func word(_ value: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
    if offset + 8 <= value.count {
      return value.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
    var word: UInt64 = 0
    withUnsafeMutableBytes(of: &word) { $0.copyBytes(from: value[offset...]) }
    return word
  }
}
