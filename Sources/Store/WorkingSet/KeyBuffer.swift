/// A buffer in which the keys of a `ByteTable` are put together, used over and over.
struct KeyBuffer: ~Copyable {
  private static let capacityAtFirst = 256
  /// Memory beyond this is given back.
  private static let keptBytesMax = 1 << 20

  private var base: UnsafeMutableRawPointer
  private var capacity = KeyBuffer.capacityAtFirst
  private(set) var count = 0

  init() {
    base = .allocate(byteCount: capacity, alignment: 8)
  }

  deinit {
    base.deallocate()
  }

  /// What was appended, borrowed until the next change.
  @inline(__always)
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// A part of it, borrowed in the same way.
  @inline(__always)
  func bytes(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + start, count: count)
  }

  @inline(__always)
  mutating func removeAll() {
    count = 0
    if capacity > Self.keptBytesMax { self = KeyBuffer() }
  }

  @inline(__always)
  mutating func append(_ number: UInt32) {
    reserve(4)
    base.storeBytes(of: number, toByteOffset: count, as: UInt32.self)
    count += 4
  }

  @inline(__always)
  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    reserve(bytes.count)
    (base + count).copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }

  @inline(__always)
  private mutating func reserve(_ more: Int) {
    if count + more > capacity { grow(more) }
  }

  private mutating func grow(_ more: Int) {
    capacity = max(capacity * 2, count + more)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
    larger.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = larger
  }
}
