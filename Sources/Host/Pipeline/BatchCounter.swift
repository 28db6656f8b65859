import Foundation
import Journal
import Logging
import PluginABI
import PluginRuntime
import Store

/// One batch on its way from the journal's bytes to the working set: find user, drop duplicates,
/// decode, run the hooks, keep the raw rows, keep the books. The pipeline's thread only.
final class BatchCounter {
  /// Where an item came from, for its raw row.
  struct Source {
    let app: UInt32
    let uid: UInt64
    var body: UnsafeRawBufferPointer
  }

  let workingSet: WorkingSet
  let dispatcher: Dispatcher
  let builder: BatchBuilder
  private let registry: AppRegistry
  private(set) var apps: RegisteredApps
  let log: Logger
  private let letters: DeadLetterLog
  var ledger: LedgerTally
  var sources: ContiguousArray<Source> = []
  private var users = DenseIndex()
  private let rawFacts: RawFacts
  /// The first position of the items that no hook has seen yet, and whether hooks have seen others
  /// of the same batch.
  private var start: UInt64 = 0
  private(set) var isContinued = false
  let oldDevice = OldDevice()
  // What transform hooks need: `BatchCounter+Transforms.swift`.
  let rewriter = ItemRewriter()
  let bypasses: Metrics.Counter

  init(
    workingSet: WorkingSet, dispatcher: Dispatcher, builder: BatchBuilder, registry: AppRegistry,
    factNames: [UInt32: [UInt8]], counters: LedgerTally.Counters, log: Logger
  ) {
    self.log = log
    letters = DeadLetterLog(log)
    bypasses = counters.bypassed
    ledger = LedgerTally(counters)
    self.workingSet = workingSet
    self.dispatcher = dispatcher
    self.builder = builder
    self.registry = registry
    apps = registry.snapshot
    builder.follow(apps)
    rawFacts = RawFacts(names: factNames)
  }

  /// Counts every entry of the batch. Throws only what makes the whole batch be counted again.
  func count(_ batch: borrowing JournalBatch) throws {
    begin()
    try workingSet.beginBatch()
    batch.withEntries { _, entry in warm(entry) }
    workingSet.warmUp()
    (start, isContinued) = (batch.entries.first?.position ?? 0, false)
    try batch.withEntries { position, entry in try decode(position, entry) }
    if let last = batch.entries.last { try runHooks(through: last.position) }
    ledger.write(to: workingSet)
    try workingSet.endBatch()
  }

  private func begin() {
    if !registry.isCurrent(apps) {
      apps = registry.snapshot
      builder.follow(apps)
    }
    ledger.begin()
    beginItems()
  }

  private func beginItems() {
    sources.removeAll(keepingCapacity: true)
    users.begin()
    builder.begin()
  }

  /// Has the hooks see what was decoded so far; what comes behind is a batch of its own.
  func runHooks(through position: UInt64) throws {
    if !sources.isEmpty {
      try runHooks(start...position)
      for (app, times) in builder.moved { times.write(app: app, to: workingSet) }
      isContinued = true
      beginItems()
    }
    start = position
  }

  // MARK: From bytes to items

  /// Users are looked up one after the other; that they are at hand by then is seen to for all at
  /// once.
  private func warm(_ entry: UnsafeRawBufferPointer) {
    guard var cursor = RequestRecord.ItemCursor(entry) else { return }
    while let item = cursor.next() { workingSet.warm(app: item.app, device: item.device) }
  }

  private func decode(_ position: UInt64, _ entry: UnsafeRawBufferPointer) throws {
    guard var cursor = RequestRecord.ItemCursor(entry) else {
      return keepDamaged(position, "its header is damaged or of another version")
    }
    let header = cursor.header
    var index: UInt32 = 0
    var isRepeat: Bool?
    while let item = cursor.next() {
      ledger.add(.accepted, app: item.app)
      if try isRepeat ?? judge(&isRepeat, header, item) {
        ledger.add(.duplicate, app: item.app)
      } else {
        try decode(item, position, index, header)
      }
      index += 1
    }
    if cursor.isDamaged { keepDamaged(position, "item \(index) is damaged") }
  }

  /// Whether a bulk request is one that was counted before, asked once, at its first item.
  private func judge(
    _ isRepeat: inout Bool?, _ header: RequestRecord.Header, _ item: RequestRecord.Item
  ) throws -> Bool {
    let answer =
      try header.bulkHash != 0 && apps.byNumber[item.app]?.dropsRepeats != false
      && workingSet.isDuplicateBulk(
        app: item.app, hash: header.bulkHash, receivedMs: header.receivedMs)
    isRepeat = answer
    return answer
  }

  private func decode(
    _ item: RequestRecord.Item, _ position: UInt64, _ index: UInt32, _ header: RequestRecord.Header
  ) throws {
    guard let app = apps.byNumber[item.app] else { return ledger.add(.unknownApp, app: item.app) }
    let user = try workingSet.user(app: item.app, device: item.device, nowMs: header.receivedMs)
    if item.hash != 0, app.dropsRepeats,
      try workingSet.isDuplicate(user: user.slot, hash: item.hash, receivedMs: header.receivedMs)
    {
      return ledger.add(.duplicate, app: item.app)
    }
    let isMerged =
      try header.mayMerge
      && merge(into: user.slot, item, position, index, receivedMs: header.receivedMs)
    // A hidden user is new until the end of the batch, and its first item is one.
    let known = users.slots.count
    let userIndex = users.index(of: user.slot)
    builder.append(
      item: item, position: position, index: index, isBulk: header.isBulk,
      receivedMs: header.receivedMs, uid: user.uid,
      isNewUser: user.isNew && !isMerged && userIndex == known,
      userIndex: userIndex, calendar: app.calendar, appCountry: app.country)
    sources.append(Source(app: item.app, uid: user.uid, body: item.bytes))
    ledger.add(.stored, app: item.app)
  }

  /// Bytes that passed the journal's checks and still make no sense are kept for whoever can read
  /// them.
  private func keepDamaged(_ position: UInt64, _ reason: String) {
    ledger.add(.accepted, app: 0)
    ledger.add(.damaged, app: 0)
    workingSet.deadLetter(
      plugin: 0, position: position, item: 0, app: 0, reason: "the entry cannot be read: \(reason)",
      receivedMs: 0, body: .init(start: nil, count: 0))
  }

  // MARK: From items to effects

  private func runHooks(_ positions: ClosedRange<UInt64>) throws {
    let built = builder.finish()
    let counted = try users.slots.withUnsafeBufferPointer { slots in
      var work: Dispatcher.Work? = Dispatcher.Work(
        batch: built, users: slots, positions: positions, contains: builder.contains)
      if dispatcher.hasTransforms { work = try work.flatMap { try transform($0) } }
      if let work { try dispatcher.run(work, isContinued: isContinued) }
      return work?.batch
    }
    guard let batch = counted else { return }
    for index in sources.indices {
      let item = tally_batch_item(batch, UInt32(index)).pointee
      if item.flags & TALLY_ITEM_NEW_USER != 0 {
        workingSet.reveal(user: users.slots[Int(item.user_index)], atMs: item.received_ms)
      }
      rawFacts.collect(from: dispatcher.facts, item: index)
      workingSet.appendRaw(
        position: item.position, item: item.index, app: item.app, uid: item.user,
        timestampMs: item.timestamp_ms, receivedMs: item.received_ms, body: sources[index].body,
        facts: rawFacts.bytes)
    }
    for letter in dispatcher.deadLetters { keep(letter, batch) }
  }

  private func keep(_ letter: Dispatcher.DeadLetter, _ batch: UnsafePointer<tally_batch>) {
    let place = sources.indices.first { index in
      let item = tally_batch_item(batch, UInt32(index)).pointee
      return item.position == letter.position && item.index == letter.item
    }
    ledger.add(.deadLetter, app: letter.app)
    letters.tell(letter, "dead letter: a plugin could not take an item; all others counted it")
    workingSet.deadLetter(
      plugin: letter.plugin, position: letter.position, item: letter.item, app: letter.app,
      reason: letter.reason, step: letter.step,
      receivedMs: place.map { tally_batch_item(batch, UInt32($0)).pointee.received_ms } ?? 0,
      body: place.map { sources[$0].body } ?? .init(start: nil, count: 0))
  }
}
