import PluginABI
import Store

/// Makes a batch, and everything a hook may read about it, readable for a runner: the block and its
/// facts where they lie in the memory all runners share, or copied; and of each user what the
/// plugin's hooks have been seen to ask for.
struct BatchLoader {
  private let batches: BatchMemory?
  /// The batch that was copied last, and its bytes.
  private var copied: (serial: UInt64, bytes: Int) = (0, 0)
  private var used = 0

  /// Where the parts of one call lie, as the runner is told.
  struct Places {
    let batch: UInt64
    let facts: UInt64
    let users: UInt64
    let sent: Wire.Wants
  }

  /// A batch larger than the memory.
  struct Overflow: Error {
    let bytes: Int
  }

  init(_ batches: BatchMemory?) {
    self.batches = batches
  }

  /// Forgets what was copied: the memory is another.
  mutating func forget() { copied = (0, 0) }

  /// Bytes of the runner's own memory that the last call took.
  var bytes: Int { used }

  /// For a process hook or a command. The store fails while reading users: throws its error.
  mutating func load(
    _ call: LaneCall, wants: Wire.Wants, into region: UnsafeMutableRawPointer
  ) throws -> Places {
    used = 0
    if call.serial == nil { forget() }
    let batch = try place(call, in: region)
    let facts = try place(call.facts, Int(call.facts.pointee.total_size), in: region)
    let users = used
    try take(call.stage.users.count * Wire.wordsPerUser * 8)
    if !wants.isEmpty { try loadUsers(call, wants, into: region, table: users) }
    return Places(batch: batch, facts: facts, users: UInt64(users), sent: wants)
  }

  /// For a hook that reads nothing of users.
  mutating func load(
    _ batch: UnsafePointer<tally_batch>, _ facts: UnsafePointer<tally_facts>?,
    into region: UnsafeMutableRawPointer
  ) throws(Overflow) -> Places {
    used = 0
    forget()
    let place = try place(batch, Int(batch.pointee.total_size), in: region)
    var said = place
    if let facts { said = try self.place(facts, Int(facts.pointee.total_size), in: region) }
    return Places(batch: place, facts: said, users: 0, sent: [])
  }

  /// A copy of the block stays while only its window changes.
  private mutating func place(
    _ call: LaneCall, in region: UnsafeMutableRawPointer
  ) throws(Overflow) -> UInt64 {
    let bytes = Int(call.batch.pointee.total_size)
    guard batches?.offset(of: call.batch, bytes: bytes) == nil,
      let serial = call.serial, copied == (serial, bytes)
    else {
      let place = try place(call.batch, bytes, in: region)
      if place & Wire.isShared == 0 { copied = (call.serial ?? 0, bytes) }
      return place
    }
    try take(bytes)
    region.copyMemory(from: call.batch, byteCount: MemoryLayout<tally_batch>.size)
    return 0
  }

  private mutating func place(
    _ pointer: UnsafeRawPointer, _ bytes: Int, in region: UnsafeMutableRawPointer
  ) throws(Overflow) -> UInt64 {
    if let offset = batches?.offset(of: pointer, bytes: bytes) {
      return UInt64(offset) | Wire.isShared
    }
    let place = used
    try take(bytes)
    (region + place).copyMemory(from: pointer, byteCount: bytes)
    return UInt64(place)
  }

  private mutating func take(_ bytes: Int) throws(Overflow) {
    used += Self.aligned(bytes)
    guard used <= Wire.batchBytes else { throw Overflow(bytes: used) }
  }

  private mutating func loadUsers(
    _ call: LaneCall, _ wants: Wire.Wants, into region: UnsafeMutableRawPointer, table: Int
  ) throws {
    let words = (region + table).bindMemory(
      to: UInt64.self, capacity: call.stage.users.count * Wire.wordsPerUser)
    words.update(repeating: Wire.none, count: call.stage.users.count * Wire.wordsPerUser)
    for index in call.batch.pointee.first_item..<call.batch.pointee.end_item {
      let user = Int(tally_batch_item(UnsafePointer(call.batch), index).pointee.user_index)
      let row = words + user * Wire.wordsPerUser
      let slot = call.stage.users[user]
      guard slot != EffectStage.noUser else { continue }
      if wants.contains(.cells), row[0] == Wire.none {
        (row[0], row[1]) = try append(
          call.stage.store.borrowedCell(user: slot, plugin: call.plugin), to: region)
      }
      if wants.contains(.seen), row[2] == Wire.none {
        let seen = try call.stage.store.seen(user: slot, plugin: call.plugin)
        (row[2], row[3]) = try seen.bytes.withUnsafeBytes { try append($0, to: region) }
      }
    }
  }

  private mutating func append(
    _ bytes: UnsafeRawBufferPointer, to region: UnsafeMutableRawPointer
  ) throws(Overflow) -> (UInt64, UInt64) {
    let place = used
    try take(bytes.count)
    if let start = bytes.baseAddress, !bytes.isEmpty {
      (region + place).copyMemory(from: start, byteCount: bytes.count)
    }
    return (UInt64(place), UInt64(bytes.count))
  }

  private static func aligned(_ count: Int) -> Int { (count + 7) & ~7 }
}

/// One call of one hook on its way to a runner.
struct LaneCall {
  var kind = Wire.Kind.process
  let hook: Int
  /// The plugin's number in the store.
  let plugin: Int
  /// Tells one batch from the next; nil for a command, which is none.
  let serial: UInt64?
  let batch: UnsafePointer<tally_batch>
  let facts: UnsafePointer<tally_facts>
  let positions: ClosedRange<UInt64>
  /// Whether the window is one item.
  let isSingle: Bool
  let stage: EffectStage
  let table: tally_effects
  /// Writes what the call says beside its batch.
  var arguments: ((inout WireWriter) -> Void)?
  /// Takes what the call hands out.
  var hand: ((tally_bytes) -> Void)?
}
