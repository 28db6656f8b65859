import PluginRuntime

/// Writes the facts of an item in the form raw rows keep, which no process's numbers enter: per
/// fact, newest first, `u8 name_len · name · u32 len · words`, little-endian. Facts are mostly
/// zeros, so the words are kept in groups of eight behind a byte that says which of them are not
/// zero.
struct RawFacts {
  private static let wordBytes = MemoryLayout<UInt64>.size
  private static let wordsPerGroup = 8

  /// By number: the name as it is written, its length in front.
  private let names: [[UInt8]]
  private let buffer = EntryBuffer(capacity: 4_096)

  /// `names` is the text of each interned name under which a plugin says facts.
  init(names: [UInt32: [UInt8]]) {
    self.names = (0...(names.keys.max() ?? 0)).map { number in
      let text = names[number] ?? []
      return [UInt8(text.count)] + text
    }
  }

  /// What `collect` wrote, until it writes again.
  var bytes: UnsafeRawBufferPointer { buffer.bytes }

  /// Replaces `bytes` with the facts of one item.
  func collect(from facts: FactBlock, item: Int) {
    buffer.removeAll()
    facts.forEach(item: item) { name, value in
      let text = Int(name) < names.count ? names[Int(name)] : [0]
      text.withUnsafeBytes { buffer.append($0) }
      buffer.append(UInt32(value.count))
      appendWords(value)
    }
  }

  /// Every word is written, and stays when it is not zero: nothing is there to be guessed wrong.
  private func appendWords(_ value: UnsafeRawBufferPointer) {
    let words = (value.count + Self.wordBytes - 1) / Self.wordBytes
    let groups = (words + Self.wordsPerGroup - 1) / Self.wordsPerGroup
    let output = buffer.reserve((words + 1) * Self.wordBytes + groups)
    var (end, word) = (0, 0)
    while word < words {
      let group = end
      var mask: UInt8 = 0
      end &+= 1
      for bit in 0..<min(Self.wordsPerGroup, words - word) {
        let bytes = Self.word(value, at: (word &+ bit) &* Self.wordBytes)
        output.storeBytes(of: bytes, toByteOffset: end, as: UInt64.self)
        let isKept = bytes != 0
        mask |= (isKept ? 1 : 0) << UInt8(truncatingIfNeeded: bit)
        end &+= isKept ? Self.wordBytes : 0
      }
      output.storeBytes(of: mask, toByteOffset: group, as: UInt8.self)
      word &+= Self.wordsPerGroup
    }
    buffer.advance(end)
  }

  /// Eight bytes; behind the end there are zeros.
  @inline(__always)
  private static func word(_ value: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
    if offset + wordBytes <= value.count {
      return value.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
    var word: UInt64 = 0
    withUnsafeMutableBytes(of: &word) { $0.copyBytes(from: value[offset...]) }
    return word
  }
}
