/// A seeded hash of bytes, in the manner of wyhash: senders choose the bytes, so that tables must
/// not be predictable. Only for tables of this process; nothing stored may rest on it.
struct ByteHash {
  private let first: UInt64
  private let second: UInt64

  init(seed: UInt64) {
    first = Self.fold(seed ^ 0xA076_1D64_78BD_642F, 0xE703_7ED1_A0B4_28DB)
    second = Self.fold(seed ^ 0x8EBC_6AF0_9C88_C6E3, 0x5899_65CC_7537_4CC3)
  }

  /// A hash with a seed that nobody knows.
  static func random() -> ByteHash {
    var generator = SystemRandomNumberGenerator()
    return ByteHash(seed: generator.next())
  }

  @inline(__always)
  func callAsFunction(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return first }
    let count = bytes.count
    var state = first
    if count >= 8 {
      var offset = 0
      while offset + 16 < count {
        state = Self.fold(Self.word(base, offset) ^ second, Self.word(base, offset + 8) ^ state)
        offset += 16
      }
      // The last 16 bytes, which may overlap what was read; of 8 to 15 bytes the first and the last
      // 8.
      let low = count >= 16 ? count - 16 : 0
      state = Self.fold(Self.word(base, low) ^ second, Self.word(base, count - 8) ^ state)
    } else {
      state = Self.fold(Self.short(base, count) ^ second, state)
    }
    return Self.fold(state ^ second, first ^ UInt64(truncatingIfNeeded: count))
  }

  /// A hash of a number.
  @inline(__always)
  func callAsFunction(_ number: UInt64) -> UInt64 { Self.fold(number ^ first, second | 1) }

  @inline(__always)
  private static func word(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  /// 1 to 7 bytes as one number.
  @inline(__always)
  private static func short(_ base: UnsafeRawPointer, _ count: Int) -> UInt64 {
    if count >= 4 {
      let head = base.loadUnaligned(as: UInt32.self)
      let tail = base.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
      return UInt64(head) << 32 | UInt64(tail)
    }
    let head = base.load(as: UInt8.self)
    let middle = base.load(fromByteOffset: count >> 1, as: UInt8.self)
    let tail = base.load(fromByteOffset: count - 1, as: UInt8.self)
    return UInt64(head) << 16 | UInt64(middle) << 8 | UInt64(tail)
  }

  @inline(__always)
  private static func fold(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
  }
}
