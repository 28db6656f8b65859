import Logging
import PluginABI
import Store

/// Calls the hooks of all plugins, in order, with one batch. The pipeline's thread only.
package final class Dispatcher {
  /// One batch on its way through the hooks.
  package struct Work {
    package let batch: UnsafeMutablePointer<tally_batch>
    package let users: UnsafeBufferPointer<Int32>
    package let positions: ClosedRange<UInt64>
    /// Whether an interned member name occurs in the batch.
    let contains: (UInt32) -> Bool

    /// `users` holds the working set's slot of each `user_index`.
    package init(
      batch: UnsafeMutablePointer<tally_batch>, users: UnsafeBufferPointer<Int32>,
      positions: ClosedRange<UInt64>, contains: @escaping (UInt32) -> Bool
    ) {
      self.batch = batch
      self.users = users
      self.positions = positions
      self.contains = contains
    }
  }

  /// An item a consumer could not take.
  package struct DeadLetter {
    package let plugin: Int
    package let name: String
    package let position: UInt64
    package let item: UInt32
    package let app: UInt32
    package var step = DeadLetterStep.hook(0)
    package let reason: String
  }

  /// The store failed in the middle of a batch: drop everything uncommitted and begin again.
  package struct StoreFailure: Error {
    package let underlying: any Error
  }

  /// Items that one plugin may fail to take in one process before it is given up.
  package static let lettersMax = 10_000

  /// Told of a plugin that is given up, and why; must not wait.
  package var giveUp: (_ plugin: String, _ reason: String) -> Void = { _, _ in }

  /// What runs; calls of it are in flight for as long as it is here.
  var set: PluginSet
  private var hooks: [(instance: PluginInstance, hook: Enrollment.Hook)] = []
  let stage: EffectStage
  let table: tally_effects
  let breadcrumb: Breadcrumb
  /// The transform hooks of what runs; empty means that batches go straight to the process hooks.
  var transforms: [TransformHook] = []
  let verdicts = VerdictStage()
  /// Items that a transform hook could not take and that are counted as they came.
  package internal(set) var bypassed: [DeadLetter] = []
  let lifecycle: LifecycleQueue
  let log: Logger
  package let facts: FactBlock
  /// What earlier deaths taught; the pipeline settles it behind commits.
  package var suspects: Suspects
  /// Tells one batch from the next.
  var serial: UInt64 = 0
  /// The first serial of the batch at hand, which a merge of users takes apart.
  private(set) var batchSerial: UInt64 = 0
  /// Whether a plugin sees live batches, and does not catch up.
  var isAtHead: (Int) -> Bool = { _ in true }
  var emitted: [(instance: PluginInstance, payload: EffectStage.Emitted)] = []
  package internal(set) var deadLetters: [DeadLetter] = []
  /// Where a plugin was given up in the last run: it saw nothing from this position on.
  package private(set) var leftBefore: UInt64?
  /// The record that hooks have seen a part of, before a merge took the batch apart.
  private var begunBefore: UInt64?

  /// `set` is one that the caller has entered.
  init(
    set: PluginSet, store: WorkingSet, breadcrumb: Breadcrumb, suspects: Suspects,
    lifecycle: LifecycleQueue, log: Logger, batches: BatchMemory? = nil
  ) {
    self.set = set
    facts = FactBlock(in: batches)
    self.lifecycle = lifecycle
    self.log = log
    stage = EffectStage(store: store)
    table = stage.makeTable()
    self.breadcrumb = breadcrumb
    self.suspects = suspects
    set.instances.forEach { $0.admit(to: store) }
    hooks = set.hooks
    transforms = set.plan[.transform].compactMap(TransformHook.init)
  }

  deinit { set.leave() }

  /// Changes what runs, between two batches. `next` is one that the caller has entered; the one
  /// before it is left.
  package func use(_ next: PluginSet) {
    next.instances.forEach { $0.admit(to: stage.store) }
    set.leave()
    set = next
    hooks = next.hooks
    transforms = next.plan[.transform].compactMap(TransformHook.init)
  }

  /// Calls nothing any more.
  package func end() { use(.empty) }

  /// Has only these plugins see live batches: the others are behind and catch up.
  package func callOnly(_ isAtHead: (Int) -> Bool) {
    hooks = set.hooks.filter { isAtHead($0.instance.number) }
    let behind = Set(set.consumers.filter { !isAtHead($0) })
    self.isAtHead = { !behind.contains($0) }
  }

  /// Runs every hook over the batch. What a hook refuses or died of becomes a dead letter of that
  /// plugin; all others are not touched by it.
  /// `isContinued`: others of the same batch were seen before.
  package func run(_ work: Work, isContinued: Bool = false) throws(StoreFailure) {
    if !deadLetters.isEmpty { deadLetters.removeAll(keepingCapacity: true) }
    serial += 1
    if !isContinued { (batchSerial, begunBefore) = (serial, nil) }
    leftBefore = nil
    facts.begin(items: Int(work.batch.pointee.end_item))
    stage.beginBatch(UnsafePointer(work.batch), users: work.users)
    for (instance, hook) in hooks where instance.lane?.takes(batchSerial, work.positions) != false {
      try run(instance, hook, work)
    }
    noteBegun(work)
    try reduce()
  }

  /// What is left of the last record is another batch's, when a merge takes it apart.
  private func noteBegun(_ work: Work) {
    let end = work.batch.pointee.end_item
    if end > 0 { begunBefore = tally_batch_item(work.batch, end - 1).pointee.position }
  }

  private func run(
    _ instance: PluginInstance, _ hook: Enrollment.Hook, _ work: Work
  ) throws(StoreFailure) {
    guard hook.keys.isEmpty || hook.keys.contains(where: work.contains) else { return }
    let careful = !suspects.isEmpty && suspects.wantsSingleItems(instance.name, work.positions)
    if careful {
      try runSingly(instance, hook, work)
    } else if try call(instance, hook, work, item: nil) != nil {
      try runSingly(instance, hook, work)
    }
  }

  /// Runs the hooks of one plugin that is behind. `prepare` fills in the facts of the items' time;
  /// it is told the name under which the plugin itself says facts.
  package func run(
    _ work: Work, only plugin: Int, prepare: (FactBlock, _ own: UInt32) -> Void
  ) throws(StoreFailure) {
    deadLetters.removeAll(keepingCapacity: true)
    serial += 1
    (leftBefore, begunBefore) = (nil, nil)
    facts.begin(items: Int(work.batch.pointee.end_item))
    guard let factName = set.instances.first(where: { $0.number == plugin })?.factName else {
      return
    }
    prepare(facts, factName)
    stage.beginBatch(UnsafePointer(work.batch), users: work.users)
    for (instance, hook) in set.hooks where instance.number == plugin {
      try run(instance, hook, work)
    }
    try reduce()
  }

  /// One item at a time, so that only the culprit is kept out.
  private func runSingly(
    _ instance: PluginInstance, _ hook: Enrollment.Hook, _ work: Work
  ) throws(StoreFailure) {
    let end = work.batch.pointee.end_item
    defer {
      work.batch.pointee.first_item = 0
      work.batch.pointee.end_item = end
    }
    var begun = begunBefore
    for index in 0..<end {
      let item = tally_batch_item(work.batch, index).pointee
      if item.position != begun, leaves(instance, before: item.position) { return }
      begun = item.position
      work.batch.pointee.first_item = index
      work.batch.pointee.end_item = index + 1
      let reason: String?
      if let signal = suspects.killer(instance.name, position: item.position, item: item.index) {
        reason = Breadcrumb.deed(signal)
      } else {
        reason = try call(instance, hook, work, item: item)
      }
      guard let reason else { continue }
      count(lettersOf: instance, 1)
      deadLetters.append(
        DeadLetter(
          plugin: instance.number, name: instance.name, position: item.position, item: item.index,
          app: item.app, step: .hook(hook.ordinal), reason: reason))
    }
  }

  /// A plugin that takes nothing any more would fill the store with dead letters: then it is given up,
  /// and sees the rest when it catches up.
  private func count(lettersOf instance: PluginInstance, _ count: Int) {
    let all = instance.account.deadLetters.wrappingAdd(count, ordering: .relaxed).newValue
    guard all / Self.lettersMax != (all - count) / Self.lettersMax else { return }
    giveUp(instance.name, "it could not take \(all) items since the server started")
  }

  /// Whether a plugin was given up before this record: it keeps its position there, and sees the rest
  /// when it catches up. One with several hooks cannot, for what one of them took would be counted
  /// again, and neither can the rest of a record that was begun: those become dead letters.
  private func leaves(_ instance: PluginInstance, before position: UInt64) -> Bool {
    guard let lane = instance.lane, lane.quarantine != nil,
      instance.enrollment.hooks.count(where: { $0.kind == .process }) == 1
    else { return false }
    lane.freeze(before: position)
    leftBefore = position
    return true
  }

  /// One call of one hook; the reason when it is refused.
  func call(
    _ instance: PluginInstance, _ hook: Enrollment.Hook, _ work: Work, item: tally_item?
  ) throws(StoreFailure) -> String? {
    let begun = CallMeter.now()
    let reason = try attempt(instance, hook, work, item: item)
    if reason == nil {
      do {
        let payloads = try stage.apply(facts: facts)
        if !payloads.isEmpty { emitted.append(contentsOf: payloads.map { (instance, $0) }) }
      } catch { throw StoreFailure(underlying: error) }
    }
    stage.reportLimits(to: instance.account)
    // Merging its effects is part of what a plugin costs.
    let batch = work.batch.pointee
    let time = instance.account[.hook].recordAlone(
      since: begun, items: Int(batch.end_item - batch.first_item),
      events: Int(item?.n_events ?? batch.n_events), failed: reason != nil)
    instance.counts.addHook(time)
    return reason
  }

  /// As `call`, with its effects left on the stage.
  func attempt(
    _ instance: PluginInstance, _ hook: Enrollment.Hook, _ work: Work, item: tally_item?
  ) throws(StoreFailure) -> String? {
    stage.beginCall(instance)
    let (status, reason) = perform(instance, hook, work, item: item)
    stage.settleCounts()
    if let failure = stage.storeFailure {
      stage.discard()
      instance.lane?.takeBack()
      throw StoreFailure(underlying: failure)
    }
    instance.counts.add(failed: status != TALLY_OK || stage.violation != nil)
    guard status == TALLY_OK, stage.violation == nil else {
      let violation = stage.violation
      stage.discard()
      instance.lane?.takeBack()
      return violation ?? "status \(status): \(reason)"
    }
    return nil
  }

  // MARK: Records

  /// Hooks through which the items of the next batches descend from records.
  package var depth: UInt8 {
    get { stage.depth }
    set { stage.depth = newValue }
  }

  /// What hooks and commands put into the ingest path since it was last asked.
  package func takeOutgoing() -> [OutboxRecord] {
    defer { dropOutgoing() }
    return stage.outgoing
  }

  /// Counts records that found no place against those who made them.
  package func countDropped(_ records: [OutboxRecord]) {
    for record in records {
      let number = record.id.origin.plugin
      set.instances.first { $0.number == number }?.account.drop(.record)
    }
  }

  /// Forgets it: the batch it comes from is begun again.
  package func dropOutgoing() {
    guard !stage.released.isEmpty else { return }
    stage.outgoing.removeAll()
    stage.released.removeAll()
  }

  // MARK: Shared documents

  /// Folds what the batch emitted, once per document, payloads in order.
  func reduce() throws(StoreFailure) {
    guard !emitted.isEmpty else { return }
    defer { emitted.removeAll(keepingCapacity: true) }
    var groups: [DocumentKey: [Int]] = [:]
    var order: [DocumentKey] = []
    for (place, entry) in emitted.enumerated() {
      let key = DocumentKey(
        plugin: entry.instance.number, app: entry.payload.app, collection: entry.payload.collection,
        key: entry.payload.key)
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(place)
    }
    for key in order {
      let payloads = (groups[key] ?? []).map { emitted[$0].payload }
      guard let instance = (groups[key]?.first).map({ emitted[$0].instance }) else { continue }
      if suspects.wantsSingleItems(instance.name, Reducer.span(of: payloads)) {
        for payload in payloads { try reduce(instance, key, [payload], item: payload.index) }
      } else {
        try reduce(instance, key, payloads, item: nil)
      }
    }
  }

  private func reduce(
    _ instance: PluginInstance, _ key: DocumentKey, _ payloads: [EffectStage.Emitted], item: UInt32?
  ) throws(StoreFailure) {
    let collection = instance.enrollment.collections[key.collection]
    do {
      let stored = try stage.store.document(
        plugin: instance.number, app: key.app, collection: collection.name, key: key.key)
      let folded = fold(instance, key, stored, payloads, item: item)
      switch folded {
      case .success(let document): try put(document, instance, key)
      case .failure(let refusal) where refusal.isDeath && payloads.count > 1:
        for payload in payloads {
          try reduce(instance, key, [payload], item: payload.index)
        }
      case .failure(let refusal):
        count(lettersOf: instance, payloads.count)
        deadLetters.append(
          contentsOf: payloads.map {
            DeadLetter(
              plugin: instance.number, name: instance.name, position: $0.position, item: $0.index,
              app: $0.app, step: .reduce(collection: collection.name),
              reason: "reduce of \(collection.name): \(refusal.reason)")
          })
      }
    } catch { throw StoreFailure(underlying: error) }
  }

  /// What the plugin makes of a document and payloads for it.
  func fold(
    _ instance: PluginInstance, _ key: DocumentKey, _ stored: [UInt8]?,
    _ payloads: [EffectStage.Emitted], item: UInt32?
  ) -> Result<[UInt8], Reducer.Refusal> {
    let begun = CallMeter.now()
    let folded =
      instance.lane?.reduce(key.collection, key, document: stored, payloads: payloads)
      ?? Reducer.run(
        instance.enrollment.collections[key.collection], instance, key, document: stored,
        payloads: payloads, item: item, breadcrumb: breadcrumb)
    var hasFailed = false
    if case .failure = folded { hasFailed = true }
    instance.account[.reduce].recordAlone(
      since: begun, items: payloads.count, events: 0, failed: hasFailed)
    return folded
  }

  /// Keeps what a fold made; one document too many is counted.
  func put(
    _ document: [UInt8], _ instance: PluginInstance, _ key: DocumentKey
  ) throws(StoreError) {
    let collection = instance.enrollment.collections[key.collection]
    let isKept = try stage.store.setDocument(
      plugin: instance.number, app: key.app, collection: collection.name, key: key.key, document,
      documentLimit: collection.documentLimit)
    if !isKept { instance.account.drop(.document) }
  }
}

/// One shared document.
struct DocumentKey: Hashable {
  let plugin: Int
  let app: UInt32
  let collection: Int
  let key: [UInt8]
}
