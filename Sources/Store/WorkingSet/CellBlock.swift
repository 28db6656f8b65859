import CProcessor
import Glibc

/// All cells of one user in one block of memory, by plugin: `plugin (2 bytes) · marks (2) · bytes
/// of data (4) · bytes of seen (4) · data · seen`, and so on. One block instead of arrays per cell:
/// a hundred thousand users are kept, and most of what an array costs is not its content. Copies
/// share the memory; whoever keeps the block frees it.
struct CellBlock {
  /// What is still to be done with a cell.
  struct Marks: OptionSet {
    let rawValue: UInt16
    /// Changed since the last flush.
    static let dirty = Marks(rawValue: 1)
    /// The log has something newer than the cell's place.
    static let unswept = Marks(rawValue: 2)
  }

  static let headerBytes = 12
  /// Blocks grow in steps that fill the allocator's own, and a line of the processor's cache.
  private static let step = 64
  /// What a block begins with: most users soon have so much.
  private static let firstBytes = 192
  private static let allocatorBytes = 8

  private var base: UnsafeMutableRawPointer?
  private var used: UInt32 = 0
  private var capacity: UInt32 = 0

  /// Memory held.
  var bytes: Int { base == nil ? 0 : Int(capacity) + Self.allocatorBytes }
  /// Where the last cell ends.
  var end: Int { Int(used) }

  mutating func deallocate() {
    free(base)
    self = CellBlock()
  }

  /// Has the processor fetch the block.
  @inline(__always)
  func prefetch() {
    guard let base else { return }
    var offset = 0
    while offset < end {
      tally_prefetch(base + offset)
      offset += Self.step
    }
  }

  // MARK: Finding

  /// Where a plugin's cell begins, or -1.
  @inline(__always)
  func find(_ plugin: Int) -> Int {
    var place = 0
    while place < end {
      let found = self.plugin(place)
      if found == plugin { return place }
      if found > plugin { return -1 }
      place = next(place)
    }
    return -1
  }

  @inline(__always)
  func plugin(_ place: Int) -> Int { Int(load(place, as: UInt16.self)) }

  @inline(__always)
  func next(_ place: Int) -> Int { place + Self.headerBytes + dataCount(place) + seenCount(place) }

  @inline(__always)
  func marks(_ place: Int) -> Marks { Marks(rawValue: load(place + 2, as: UInt16.self)) }

  @inline(__always)
  func setMarks(_ place: Int, _ marks: Marks) { store(marks.rawValue, at: place + 2) }

  /// Borrowed until the block changes.
  @inline(__always)
  func data(_ place: Int) -> UnsafeMutableRawBufferPointer {
    region(place + Self.headerBytes, dataCount(place))
  }

  @inline(__always)
  func seen(_ place: Int) -> UnsafeMutableRawBufferPointer {
    region(place + Self.headerBytes + dataCount(place), seenCount(place))
  }

  // MARK: Changing

  /// Adds an empty cell of a plugin that has none.
  mutating func add(_ plugin: Int) -> Int {
    var place = 0
    while place < end, self.plugin(place) < plugin { place = next(place) }
    open(place, Self.headerBytes)
    store(UInt16(plugin), at: place)
    store(UInt16(0), at: place + 2)
    store(UInt32(0), at: place + 4)
    store(UInt32(0), at: place + 8)
    return place
  }

  mutating func setData(_ place: Int, _ bytes: UnsafeRawBufferPointer) {
    replace(place + Self.headerBytes, dataCount(place), with: bytes)
    store(UInt32(bytes.count), at: place + 4)
  }

  mutating func setSeen(_ place: Int, _ bytes: UnsafeRawBufferPointer) {
    replace(place + Self.headerBytes + dataCount(place), seenCount(place), with: bytes)
    store(UInt32(bytes.count), at: place + 8)
  }

  /// Makes room at the end of a cell's data.
  mutating func growData(_ place: Int, by count: Int) {
    open(place + Self.headerBytes + dataCount(place), count)
    store(UInt32(dataCount(place) + count), at: place + 4)
  }

  private mutating func replace(_ start: Int, _ count: Int, with bytes: UnsafeRawBufferPointer) {
    if bytes.count > count {
      open(start + count, bytes.count - count)
    } else if bytes.count < count, let base {
      memmove(base + start + bytes.count, base + start + count, end - start - count)
      used -= UInt32(count - bytes.count)
    }
    if let base, let source = bytes.baseAddress { memcpy(base + start, source, bytes.count) }
  }

  /// Moves what lies behind a place back.
  private mutating func open(_ place: Int, _ count: Int) {
    let needed = end + count
    if needed > Int(capacity) {
      let wanted = max(needed + Self.allocatorBytes, Self.firstBytes)
      let size = (wanted + Self.step - 1) / Self.step * Self.step
      base = realloc(base, size - Self.allocatorBytes)
      capacity = UInt32(size - Self.allocatorBytes)
    }
    guard let base else { preconditionFailure("out of memory for \(needed) bytes of cells") }
    memmove(base + place + count, base + place, end - place)
    used += UInt32(count)
  }

  // MARK: Bytes

  @inline(__always)
  private func dataCount(_ place: Int) -> Int { Int(load(place + 4, as: UInt32.self)) }

  @inline(__always)
  private func seenCount(_ place: Int) -> Int { Int(load(place + 8, as: UInt32.self)) }

  @inline(__always)
  private func region(_ start: Int, _ count: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base.map { $0 + start }, count: count)
  }

  @inline(__always)
  private func load<T: BitwiseCopyable>(_ place: Int, as type: T.Type) -> T {
    guard let base else { preconditionFailure("an empty block has no cells") }
    return base.loadUnaligned(fromByteOffset: place, as: type)
  }

  @inline(__always)
  private func store<T: BitwiseCopyable>(_ value: T, at place: Int) {
    base?.storeBytes(of: value, toByteOffset: place, as: T.self)
  }
}
