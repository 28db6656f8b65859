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
    var group = 0
    while group < value.count {
      let mask = bytes.count
      bytes.append(0)
      for bit in 0..<8 where group + bit * 8 < value.count {
        let word = value[group + bit * 8..<min(group + bit * 8 + 8, value.count)]
        guard word.contains(where: { $0 != 0 }) else { continue }
        bytes[mask] |= 1 << UInt8(bit)
        bytes.append(contentsOf: word)
        bytes.append(contentsOf: repeatElement(0, count: 8 - word.count))
      }
      group += 64
    }
  }
}
