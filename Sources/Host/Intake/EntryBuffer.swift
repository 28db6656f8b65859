/// A byte buffer that is filled from the front, emptied at once and kept for the next request.
///
/// Confined to one thread. The memory is uninitialised behind `count`.
package final class EntryBuffer {
  /// What is kept between requests; a larger one is given back once its request is done.
  package static let keptBytesMax = 1 << 20

  private(set) var base: UnsafeMutableRawPointer
  private var capacity: Int
  /// Something points into the memory: it may not move.
  private var isFixed = false
  /// The number of bytes written.
  package private(set) var count = 0

  package init(capacity: Int = 16 << 10) {
    self.capacity = capacity
    base = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit {
    base.deallocate()
  }

  /// The bytes written, valid until the next change.
  package var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: count)
  }

  /// Lends the bytes; the buffer lives as long as the call.
  func withBytes<T>(_ body: (UnsafeRawBufferPointer) -> T) -> T {
    withExtendedLifetime(self) { body(bytes) }
  }

  /// Forgets everything written.
  package func removeAll() {
    count = 0
    isFixed = false
    guard capacity > Self.keptBytesMax else { return }
    base.deallocate()
    capacity = 16 << 10
    base = .allocate(byteCount: capacity, alignment: 16)
  }

  /// Forgets everything written and makes room for `capacity` bytes, which may be pointed into
  /// until the next `removeAll`.
  func removeAll(fixingCapacity capacity: Int) {
    removeAll()
    // Text is written in pieces and may touch bytes behind its end.
    _ = reserve(capacity + FormText.slackBytes)
    isFixed = true
  }

  /// Forgets what was written after `count` bytes.
  @inline(__always)
  func truncate(to count: Int) {
    precondition(count <= self.count, "a buffer is only ever cut back")
    self.count = count
  }

  /// Makes room for `extra` bytes and answers where they go; `advance` tells how many were used.
  @inline(__always)
  func reserve(_ extra: Int) -> UnsafeMutableRawPointer {
    if capacity - count < extra { grow(by: extra) }
    return base + count
  }

  @inline(__always)
  func advance(_ written: Int) {
    count &+= written
  }

  @inline(__always)
  func append<T: FixedWidthInteger>(_ value: T) {
    reserve(MemoryLayout<T>.size).storeBytes(of: value.littleEndian, as: T.self)
    count &+= MemoryLayout<T>.size
  }

  @inline(__always)
  func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    reserve(bytes.count).copyMemory(from: source, byteCount: bytes.count)
    count &+= bytes.count
  }

  /// Overwrites bytes written earlier, such as a length that is known only afterwards.
  @inline(__always)
  func patch<T: FixedWidthInteger>(_ value: T, at offset: Int) {
    precondition(offset >= 0 && offset + MemoryLayout<T>.size <= count, "a patch stays inside")
    (base + offset).storeBytes(of: value.littleEndian, as: T.self)
  }

  @inline(never)
  private func grow(by extra: Int) {
    precondition(!isFixed, "room for everything that is pointed into was made beforehand")
    let wanted = max(capacity &* 2, count + extra)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
    larger.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = larger
    capacity = wanted
  }
}
