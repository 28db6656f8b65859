import PluginABI
import Store

/// What one call of one hook asked for, kept apart until the call has returned. The functions of
/// `tally_effects` lead here; `EffectStage+Table.swift` builds that table, `+Apply.swift` merges.
package final class EffectStage {
  /// Bytes of one cell and of one fact; more refuses the call.
  static let cellBytesMax = 65_536
  static let factBytesMax = 4_096

  struct Count {
    /// The slot, found for all counts at once; -1 until then.
    var series: Int32 = -1
    let hour: Int32
    let values: Int
    let n: Int
  }

  struct Unique {
    let user: UInt64
    let series: Int32
    let hour: Int32
    let grains: UInt32
    let firstTime: Bool
  }

  /// The working copy of one user's cell, made when the call first touches it.
  struct Working {
    let user: Int32
    let userIndex: Int32
    /// What the call put, in the arena; nil while the stored cell stands.
    var cell: UnsafeRawBufferPointer?
    var seen: SeenHours?
    var seenChanged = false
  }

  struct Fact {
    let item: Int
    let value: UnsafeRawBufferPointer
  }

  struct Row {
    let item: Int
    let table: Int
    let key: UnsafeRawBufferPointer
    let payload: UnsafeRawBufferPointer
  }

  let store: WorkingSet
  var batch: UnsafePointer<tally_batch>?
  var users: UnsafeBufferPointer<Int32> = .init(start: nil, count: 0)
  var instance: PluginInstance?

  var counts: ContiguousArray<Count> = []
  var values: ContiguousArray<Int64> = []
  var uniques: ContiguousArray<Unique> = []
  var working: ContiguousArray<Working> = []
  /// Per user of the batch: its place in `working`, or -1.
  var workingOfUser: ContiguousArray<Int32> = []
  var facts: ContiguousArray<Fact> = []
  var rows: ContiguousArray<Row> = []
  var emits: ContiguousArray<Row> = []
  var records: ContiguousArray<Record> = []
  /// What users are found by from now on.
  var properties: [(user: Int32, all: [UserProperty])] = []
  /// Records of calls that returned, on their way to the outbox.
  var outgoing: [OutboxRecord] = []
  /// How many records of each item were released, so that their places repeat on replay.
  var released: [RecordOrigin: UInt32] = [:]
  /// Hooks through which the items of this batch descend from records.
  var depth: UInt8 = 0
  /// Cells, facts and payloads of the call.
  let arena = Arena()

  /// What the hook did that the header forbids: the call is refused.
  var violation: String?
  /// The store failed while answering the hook: nobody's fault, the batch is repeated.
  var storeFailure: (any Error)?
  /// The store's number of the series that `unique` named last.
  var lastUniqueSeries: Int64 = 0
  /// The years of the hours that hooks name.
  var buckets = BucketCache()
  /// How many counts know their series.
  private var settledCounts = 0
  private var seriesMark = 0
  /// How often series were over a limit when the call began.
  private var overLimitMark = 0

  package init(store: WorkingSet) {
    self.store = store
  }

  /// Begins a batch: `users` holds the working set's slot of each `user_index`.
  func beginBatch(_ batch: UnsafePointer<tally_batch>, users: UnsafeBufferPointer<Int32>) {
    self.batch = batch
    self.users = users
    clear()
    // All others are -1: every call leaves them so.
    let missing = users.count - workingOfUser.count
    if missing > 0 { workingOfUser.append(contentsOf: repeatElement(-1, count: missing)) }
  }

  /// Begins a call of one plugin's hook.
  func beginCall(_ instance: PluginInstance) {
    self.instance = instance
    violation = nil
    storeFailure = nil
    seriesMark = store.seriesMark
    overLimitMark = store.overLimit
  }

  /// Finds the series of what was counted so far, in order: which name is the first beyond a limit
  /// does not depend on when they are looked for.
  func settleCounts() {
    guard storeFailure == nil else { return }
    do {
      while settledCounts < counts.count {
        counts[settledCounts].series = try store.collectedSeries(settledCounts)
        settledCounts += 1
      }
    } catch {
      storeFailure = error
    }
  }

  /// Counts what the call named beyond the limits of its metrics.
  func reportLimits(to account: PluginAccount) {
    let count = store.overLimit - overLimitMark
    if count > 0 { account.drop(.series, count) }
    overLimitMark = store.overLimit
  }

  /// Drops what the call asked for, without a trace.
  func discard() {
    store.discardSeries(since: seriesMark)
    clear()
  }

  func clear() {
    for entry in working { workingOfUser[Int(entry.userIndex)] = -1 }
    counts.forget()
    store.forgetCollectedSeries()
    settledCounts = 0
    values.forget()
    uniques.forget()
    working.forget()
    facts.forget()
    rows.forget()
    emits.forget()
    records.forget()
    if !properties.isEmpty { properties = [] }
    arena.reset()
  }

  /// The item at that place, if it lies in the window of this call.
  func item(_ index: UInt32) -> UnsafePointer<tally_item>? {
    guard let batch, index >= batch.pointee.first_item, index < batch.pointee.end_item else {
      refuse("an effect names item \(index), which is outside this call's window")
      return nil
    }
    return tally_batch_item(batch, index)
  }

  /// Stands for a user where a command names none.
  static let noUser: Int32 = -1

  /// As `item`, for effects on the item's user.
  func itemOfUser(_ index: UInt32) -> UnsafePointer<tally_item>? {
    guard let item = item(index) else { return nil }
    guard users[Int(item.pointee.user_index)] != Self.noUser else {
      refuse("an effect needs a user, and the command is about none")
      return nil
    }
    return item
  }

  func refuse(_ reason: String) {
    if violation == nil { violation = reason }
  }

  /// The place in `working` of the item's user, made on first use.
  func workingIndex(of item: UnsafePointer<tally_item>) -> Int {
    let userIndex = Int(item.pointee.user_index)
    let known = workingOfUser[userIndex]
    if known >= 0 { return Int(known) }
    workingOfUser[userIndex] = Int32(working.count)
    working.append(Working(user: users[userIndex], userIndex: Int32(userIndex)))
    return working.count - 1
  }
}

extension ContiguousArray {
  /// Empties it and keeps its memory; most are empty already, which costs a look.
  @inline(__always)
  fileprivate mutating func forget() {
    if !isEmpty { removeAll(keepingCapacity: true) }
  }
}
