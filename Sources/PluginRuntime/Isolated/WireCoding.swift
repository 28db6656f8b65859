import PluginABI

/// Writes words and byte strings of eight-byte alignment into memory of a fixed size.
struct WireWriter {
  let base: UnsafeMutableRawPointer
  let capacity: Int
  private(set) var used = 0
  /// Something did not fit and was left out.
  private(set) var isFull = false

  init(base: UnsafeMutableRawPointer, capacity: Int) {
    self.base = base
    self.capacity = capacity
  }

  /// The room that bytes take together with their length.
  @inline(__always)
  static func room(_ count: Int) -> Int { 8 + (count + 7) & ~7 }

  mutating func reset() { (used, isFull) = (0, false) }

  @inline(__always)
  mutating func put(_ word: UInt64) {
    guard used + 8 <= capacity else { return isFull = true }
    base.storeBytes(of: word, toByteOffset: used, as: UInt64.self)
    used += 8
  }

  @inline(__always)
  mutating func put(_ low: UInt32, _ high: UInt32) { put(UInt64(low) | UInt64(high) << 32) }

  mutating func put(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count <= capacity, used + Self.room(bytes.count) <= capacity else {
      return isFull = true
    }
    put(UInt64(bytes.count))
    if let start = bytes.baseAddress {
      (base + used).copyMemory(from: start, byteCount: bytes.count)
    }
    used += (bytes.count + 7) & ~7
  }

  /// What was written elsewhere by the same rules.
  mutating func append(_ words: UnsafeRawBufferPointer) {
    precondition(words.count & 7 == 0, "what is written is whole words")
    guard words.count <= capacity - used else { return isFull = true }
    if let start = words.baseAddress {
      (base + used).copyMemory(from: start, byteCount: words.count)
    }
    used += words.count
  }

  mutating func put(_ text: String) {
    var text = text
    text.withUTF8 { put(UnsafeRawBufferPointer($0)) }
  }

  mutating func put(_ text: tally_str) { put(text.bytes) }

  /// Changes a word that was written before.
  mutating func patch(_ word: UInt64, at place: Int) {
    precondition(place + 8 <= used, "only what was written can be changed")
    base.storeBytes(of: word, toByteOffset: place, as: UInt64.self)
  }
}

/// A message that is not what its sender said.
struct WireDamage: Error {}

/// Reads what `WireWriter` wrote, from memory nobody else writes; never past its end.
struct WireReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var place = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { place >= bytes.count }

  @inline(__always)
  mutating func word() throws(WireDamage) -> UInt64 {
    guard place + 8 <= bytes.count else { throw WireDamage() }
    defer { place += 8 }
    return bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
  }

  @inline(__always)
  mutating func pair() throws(WireDamage) -> (low: UInt32, high: UInt32) {
    let word = try word()
    return (UInt32(truncatingIfNeeded: word), UInt32(truncatingIfNeeded: word >> 32))
  }

  mutating func data() throws(WireDamage) -> UnsafeRawBufferPointer {
    let count = try word()
    guard count <= UInt64(bytes.count - place) else { throw WireDamage() }
    defer { place += (Int(count) + 7) & ~7 }
    return UnsafeRawBufferPointer(rebasing: bytes[place..<place + Int(count)])
  }

  mutating func text() throws(WireDamage) -> String {
    String(decoding: try data(), as: UTF8.self)
  }

  mutating func tallyText() throws(WireDamage) -> tally_str { tally_str(try data()) }

  /// `count` words in a row, where they lie.
  mutating func words(_ count: Int) throws(WireDamage) -> UnsafePointer<Int64>? {
    guard count >= 0, count <= (bytes.count - place) / 8 else { throw WireDamage() }
    defer { place += count * 8 }
    return bytes.baseAddress.map { ($0 + place).assumingMemoryBound(to: Int64.self) }
  }
}

extension tally_bytes {
  /// Borrows the bytes.
  init(_ bytes: UnsafeRawBufferPointer) {
    self.init(ptr: bytes.isEmpty ? nil : bytes.baseAddress, len: UInt64(bytes.count))
  }
}
