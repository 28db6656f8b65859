import PluginABI
import Store

/// Lays a batch with everything a hook may read about it into the memory a runner sees: the block as
/// it is, its facts, and of each user what the plugin's hooks have been seen to ask for.
struct BatchLoader {
  /// What lies in the memory now.
  private var serial: UInt64 = 0
  private var used = 0

  /// Where the parts of one call lie.
  struct Places {
    let facts: Int
    let users: Int
    let sent: Wire.Wants
  }

  /// A batch larger than the memory.
  struct Overflow: Error {
    let bytes: Int
  }

  /// Forgets what was loaded: the memory is another.
  mutating func forget() { serial = 0 }

  /// Bytes of the memory that the batch loaded last takes.
  var bytes: Int { used }

  /// The store fails while reading users: throws its error.
  mutating func load(
    _ call: LaneCall, wants: Wire.Wants, into region: UnsafeMutableRawPointer
  ) throws -> Places {
    let batch = UnsafeRawPointer(call.batch)
    let batchBytes = Int(call.batch.pointee.total_size)
    let factBytes = Int(call.facts.pointee.total_size)
    let userCount = call.stage.users.count
    let facts = Self.aligned(batchBytes)
    let users = facts + Self.aligned(factBytes)
    used = users + userCount * Wire.wordsPerUser * 8
    guard used <= Wire.batchBytes else { throw Overflow(bytes: used) }
    if serial == call.serial {
      // The same block with another window.
      region.copyMemory(from: batch, byteCount: MemoryLayout<tally_batch>.size)
    } else {
      region.copyMemory(from: batch, byteCount: batchBytes)
      serial = call.serial
    }
    (region + facts).copyMemory(from: call.facts, byteCount: factBytes)
    if !wants.isEmpty { try loadUsers(call, wants, into: region, table: users) }
    return Places(facts: facts, users: users, sent: wants)
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
    used += Self.aligned(bytes.count)
    guard used <= Wire.batchBytes else { throw Overflow(bytes: used) }
    if let start = bytes.baseAddress, !bytes.isEmpty {
      (region + place).copyMemory(from: start, byteCount: bytes.count)
    }
    return (UInt64(place), UInt64(bytes.count))
  }

  private static func aligned(_ count: Int) -> Int { (count + 7) & ~7 }
}

/// One call of one hook on its way to a runner.
struct LaneCall {
  let hook: Int
  /// The plugin's number in the store.
  let plugin: Int
  /// Tells one batch from the next.
  let serial: UInt64
  let batch: UnsafeMutablePointer<tally_batch>
  let facts: UnsafePointer<tally_facts>
  let positions: ClosedRange<UInt64>
  /// Whether the window is one item.
  let isSingle: Bool
  let stage: EffectStage
  let table: tally_effects
}
