import CLZ4
import CXXHash

/// Packs raw items into blocks as they come, so that what waits for the commit is small. The
/// pipeline's thread only.
///
/// A block ends when it is full, when the month of receipt changes, when keys step back, and with
/// the flush: no block holds items of two commits.
final class RawPacker {
  /// Bytes from which on a block is full. LZ4 is fastest below 64 KiB, and looks back no further.
  static let blockBytes = 60_000
  /// A block of one item, with the largest body and facts that can be.
  static let plainBytesMax = 1 << 30
  /// A buffer that one huge item made larger is given back.
  private static let keptBytesMax = 1 << 20

  private let state: UnsafeMutableRawPointer
  private var plain: UnsafeMutableRawPointer
  private var capacity = RawPacker.blockBytes * 2
  private var used = 0
  private var packed: [UInt8] = []
  private var first = RawKey(rawValue: 0)
  private var last = RawKey(rawValue: -1)
  private var items = 0
  private var month: Int32 = 0
  private var months = MonthOfReceipt()
  private var spans: [UInt32: ClosedRange<Int64>] = [:]
  private var span: (app: UInt32, first: Int64, last: Int64) = (0, .max, .min)
  private var sealed = RawBlocks()

  init() {
    state = .allocate(byteCount: Int(LZ4_sizeofState()), alignment: 8)
    plain = .allocate(byteCount: capacity, alignment: 8)
  }

  deinit {
    state.deallocate()
    plain.deallocate()
  }

  func append(
    key: RawKey, app: UInt32, user: UInt64, timestampMs: Int64, receivedMs: Int64,
    body: UnsafeRawBufferPointer, facts: UnsafeRawBufferPointer
  ) {
    let month = months.of(ms: receivedMs)
    if used >= Self.blockBytes || month != self.month || key.rawValue <= last.rawValue { seal() }
    if items == 0 { (first, self.month) = (key, month) }
    last = key
    items += 1
    cover(app, timestampMs)
    reserve(RawRecord.headerBytes + body.count + facts.count)
    put(key.rawValue)
    put(user)
    put(timestampMs)
    put(receivedMs)
    put(app)
    put(UInt32(body.count))
    put(UInt32(facts.count))
    put(body)
    put(facts)
  }

  /// Takes all blocks out.
  func take() -> RawBlocks {
    seal()
    defer { sealed = RawBlocks() }
    return sealed
  }

  /// Forgets what was not taken.
  func removeAll() {
    (used, items) = (0, 0)
    last = RawKey(rawValue: -1)
    forgetSpans()
    sealed = RawBlocks()
  }

  private func seal() {
    guard items > 0 else { return }
    forgetSpan()
    let checksum = XXH3_64bits(plain, used)
    sealed.blocks.append(
      RawBlocks.Block(
        month: month, first: first, last: last, items: items, plainBytes: used,
        checksum: checksum, spans: spans, bytes: Array(pack())))
    (used, items) = (0, 0)
    forgetSpans()
    if capacity > Self.keptBytesMax { giveBack() }
  }

  /// The block's bytes compressed, borrowed until the next call.
  private func pack() -> ArraySlice<UInt8> {
    let bound = Int(LZ4_compressBound(Int32(used)))
    if packed.count < bound { packed = [UInt8](repeating: 0, count: bound) }
    let size = packed.withUnsafeMutableBytes { room in
      LZ4_compress_fast_extState(
        state, plain.assumingMemoryBound(to: CChar.self),
        room.assumingMemoryBound(to: CChar.self).baseAddress, Int32(used), Int32(bound), 1)
    }
    precondition(size > 0, "LZ4 has the room its bound asks for")
    return packed[..<Int(size)]
  }

  private func giveBack() {
    plain.deallocate()
    capacity = Self.blockBytes * 2
    plain = .allocate(byteCount: capacity, alignment: 8)
    packed = []
  }

  // MARK: Ranges of event times

  /// Neighbours mostly belong to one app, whose range is kept outside the dictionary.
  private func cover(_ app: UInt32, _ ms: Int64) {
    if app != span.app {
      forgetSpan()
      span = (app, ms, ms)
    } else {
      span = (app, min(span.first, ms), max(span.last, ms))
    }
  }

  private func forgetSpan() {
    defer { span = (0, .max, .min) }
    guard span.first <= span.last else { return }
    let known = spans[span.app] ?? span.first...span.last
    spans[span.app] = min(known.lowerBound, span.first)...max(known.upperBound, span.last)
  }

  private func forgetSpans() {
    spans.removeAll(keepingCapacity: true)
    span = (0, .max, .min)
  }

  // MARK: Bytes

  private func reserve(_ more: Int) {
    guard used + more > capacity else { return }
    let larger = max(capacity * 2, used + more)
    let grown = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 8)
    grown.copyMemory(from: plain, byteCount: used)
    plain.deallocate()
    (plain, capacity) = (grown, larger)
  }

  private func put<T: FixedWidthInteger>(_ number: T) {
    plain.storeBytes(of: number.littleEndian, toByteOffset: used, as: T.self)
    used += MemoryLayout<T>.size
  }

  private func put(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    (plain + used).copyMemory(from: base, byteCount: bytes.count)
    used += bytes.count
  }
}
