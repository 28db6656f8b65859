import PluginKit

/// What is known about one user while an item of theirs is looked at. Lives on the stack; a load
/// replaces everything.
///
/// The cell, little-endian: version u8, first session u56 in milliseconds (0 for none), first seen i64,
/// last seen i64, 16 lengths u8, texts. The fact is `tally_user_fact` with its texts behind it.
struct Profile {
  /// Bytes of one value; longer ones are cut. With 16 values and as many old ones the fact stays
  /// below its 4 096 bytes.
  static let valueBytesMax = 112

  private static let version: UInt8 = 1
  private static let count = UserMetric.allCases.count
  private static let cellHeaderBytes = 24 + count
  private static let factHeaderBytes = 152
  private static let cellBytesMax = cellHeaderBytes + count * valueBytesMax
  private static let factBytesMax = factHeaderBytes + 2 * count * valueBytesMax

  private let values: UnsafeMutablePointer<Text>
  private let oldValues: UnsafeMutablePointer<Text>
  private let factRoom: UnsafeMutableRawPointer
  private let cellRoom: UnsafeMutableRawPointer
  private var now: Int64 = 0
  private var firstSession: UInt64 = 0
  private var firstSeenMs: Int64 = 0
  private var lastSeenMs: Int64 = 0
  private var given: UInt32 = 0
  private var changed: UInt32 = 0

  /// Lends a profile for the length of a call.
  static func withRoom(_ body: (inout Profile) -> Void) {
    withUnsafeTemporaryAllocation(of: Text.self, capacity: 2 * count) { texts in
      withUnsafeTemporaryAllocation(byteCount: factBytesMax + cellBytesMax, alignment: 8) { room in
        guard let texts = texts.baseAddress, let room = room.baseAddress else {
          preconditionFailure("a profile needs room")
        }
        texts.initialize(repeating: "", count: 2 * count)
        var profile = Profile(
          values: texts, oldValues: texts + count, factRoom: room,
          cellRoom: room + factBytesMax)
        body(&profile)
      }
    }
  }

  private init(
    values: UnsafeMutablePointer<Text>, oldValues: UnsafeMutablePointer<Text>,
    factRoom: UnsafeMutableRawPointer, cellRoom: UnsafeMutableRawPointer
  ) {
    self.values = values
    self.oldValues = oldValues
    self.factRoom = factRoom
    self.cellRoom = cellRoom
  }

  /// Begins an item. The texts stay in `cell`, which must live until the item is done.
  mutating func load(_ cell: UnsafeRawBufferPointer, at now: Int64) {
    self.now = now
    given = 0
    changed = 0
    guard let base = cell.baseAddress, cell.count >= Self.cellHeaderBytes,
      cell[0] == Self.version
    else { return clear() }
    firstSession = base.loadUnaligned(as: UInt64.self) >> 8
    firstSeenMs = min(now, base.loadUnaligned(fromByteOffset: 8, as: Int64.self))
    lastSeenMs = base.loadUnaligned(fromByteOffset: 16, as: Int64.self)
    var offset = Self.cellHeaderBytes
    for metric in 0..<Self.count {
      let length = Int(base.load(fromByteOffset: 24 + metric, as: UInt8.self))
      let value = offset + length <= cell.count ? Text(base + offset, count: length) : ""
      values[metric] = value
      oldValues[metric] = value
      offset += length
    }
  }

  /// Two users are one: what was seen last is known of them, and what only the other said.
  static func merge(
    _ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer,
    _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    withRoom { left in
      withRoom { right in
        left.load(one, at: .max)
        right.load(other, at: .max)
        if left.lastSeenMs > right.lastSeenMs {
          left.complete(from: right)
          body(left.cell())
        } else {
          right.complete(from: left)
          body(right.cell())
        }
      }
    }
  }

  /// Becomes the profile of both; this one was seen last.
  private mutating func complete(from earlier: Profile) {
    firstSeenMs = min(firstSeenMs, earlier.firstSeenMs)
    began(earlier.firstSession)
    now = lastSeenMs
    for metric in 0..<Self.count where values[metric].isEmpty {
      values[metric] = earlier.values[metric]
    }
  }

  private mutating func clear() {
    firstSession = 0
    firstSeenMs = now
    lastSeenMs = 0
    for metric in 0..<2 * Self.count { values[metric] = "" }
  }

  func value(_ metric: UserMetric) -> Text { values[Int(metric.rawValue)] }

  /// When the user was first and last seen, as far as the cell says.
  var seenMs: (first: Int64, last: Int64) { (firstSeenMs, lastSeenMs) }

  /// When the first session began; 0 when there was none.
  var firstSessionMs: Int64 { Int64(firstSession) }

  /// A session begins with the item.
  mutating func beginSession() { began(UInt64(clamping: now)) }

  private mutating func began(_ atMs: UInt64) {
    guard atMs > 0 else { return }
    firstSession = firstSession == 0 ? atMs : min(firstSession, atMs)
  }

  /// Takes over what the request says; an empty text says nothing.
  mutating func set(_ metric: UserMetric, _ text: Text) {
    guard !text.isEmpty else { return }
    let place = Int(metric.rawValue)
    let value = text.prefix(Self.valueBytesMax)
    values[place] = value
    given |= 1 << metric.rawValue
    let bit: UInt32 = value == oldValues[place] ? 0 : 1
    changed = changed & ~(1 << metric.rawValue) | bit << metric.rawValue
  }

  /// The fact about the item, until the next load.
  func fact() -> UnsafeRawBufferPointer {
    factRoom.storeBytes(of: firstSeenMs, as: Int64.self)
    factRoom.storeBytes(of: lastSeenMs, toByteOffset: 8, as: Int64.self)
    factRoom.storeBytes(of: given, toByteOffset: 16, as: UInt32.self)
    factRoom.storeBytes(of: changed, toByteOffset: 20, as: UInt32.self)
    var end = Self.factHeaderBytes
    for metric in 0..<Self.count {
      place(values[metric], at: &end, metric, offsets: 24, lengths: 56)
    }
    placeOldValues(at: &end)
    return UnsafeRawBufferPointer(start: factRoom, count: end)
  }

  /// Only what changed has an old value of its own.
  private func placeOldValues(at end: inout Int) {
    (factRoom + 88).initializeMemory(as: UInt64.self, repeating: 0, count: 8)
    var left = changed
    while left != 0 {
      let metric = left.trailingZeroBitCount
      place(oldValues[metric], at: &end, metric, offsets: 88, lengths: 120)
      left &= left - 1
    }
  }

  private func place(
    _ text: Text, at end: inout Int, _ metric: Int, offsets: Int, lengths: Int
  ) {
    let offset = UInt16(truncatingIfNeeded: text.isEmpty ? 0 : end)
    factRoom.storeBytes(of: offset, toByteOffset: offsets + metric * 2, as: UInt16.self)
    factRoom.storeBytes(
      of: UInt16(truncatingIfNeeded: text.count), toByteOffset: lengths + metric * 2,
      as: UInt16.self)
    if let base = text.bytes.baseAddress {
      (factRoom + end).copyMemory(from: base, byteCount: text.count)
    }
    end += text.count
  }

  /// The cell that remembers the item, until the next load. Last seen moves forward only.
  func cell() -> UnsafeRawBufferPointer {
    cellRoom.storeBytes(of: firstSession << 8 | UInt64(Self.version), as: UInt64.self)
    cellRoom.storeBytes(of: firstSeenMs, toByteOffset: 8, as: Int64.self)
    cellRoom.storeBytes(of: max(now, lastSeenMs), toByteOffset: 16, as: Int64.self)
    var end = Self.cellHeaderBytes
    for metric in 0..<Self.count {
      let text = values[metric]
      cellRoom.storeBytes(
        of: UInt8(truncatingIfNeeded: text.count), toByteOffset: 24 + metric, as: UInt8.self)
      if let base = text.bytes.baseAddress {
        (cellRoom + end).copyMemory(from: base, byteCount: text.count)
      }
      end += text.count
    }
    return UnsafeRawBufferPointer(start: cellRoom, count: end)
  }
}
