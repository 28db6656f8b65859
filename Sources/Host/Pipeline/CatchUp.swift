import Foundation
import Logging
import PluginABI
import PluginRuntime
import Store

/// Has one consumer see raw rows: the items as they came, with the facts of their time. The
/// pipeline's thread only, between live batches, into the same working set.
final class CatchUp {
  /// Raw rows cannot be read: a consumer that needs them waits, and nobody else does.
  struct Unreadable: Error {
    let underlying: any Error
  }

  private let store: Store
  private var requests: RawRequests
  private let workingSet: WorkingSet
  private let builder: BatchBuilder
  private let registry: AppRegistry
  private let commands: CommandApplier
  private let log: Logger
  private let letters: DeadLetterLog
  private var users = DenseIndex()

  /// `table` is that of the builder of live batches.
  init(
    store: Store, workingSet: WorkingSet, table: NameTable, retentionMonths: Int,
    registry: AppRegistry, commands: CommandApplier, log: Logger
  ) {
    self.store = store
    requests = RawRequests(store)
    self.workingSet = workingSet
    // Decoding was counted when the items were live.
    builder = BatchBuilder(retentionMonths: retentionMonths, table: table)
    self.registry = registry
    self.commands = commands
    self.log = log
    letters = DeadLetterLog(log)
  }

  /// From now on reads the raw items of another data folder.
  func read(rawOf folder: String) { requests = RawRequests(rawOf: folder) }

  /// Has `plugin` see what comes behind a position; answers the position it has come to, which is
  /// `through` when there is nothing more.
  func step(
    _ plugin: Int, after position: UInt64, through end: UInt64, _ dispatcher: Dispatcher
  ) throws -> UInt64 {
    guard position < end else { return position }
    let (items, last): ([RawItem], UInt64)
    do { (items, last) = try requests.next(after: position, through: end) } catch {
      throw Unreadable(underlying: error)
    }
    // Commands and merges stand between the items, where they stood when they were live.
    var merges = try store.merges(
      after: RawKey(position: position, item: RawKey.itemMax), through: last)[...]
    var run: [RawItem] = []
    for item in items {
      while let merge = merges.first, merge.key.rawValue <= item.key.rawValue {
        if !run.isEmpty { try count(run, plugin, dispatcher) }
        if let left = dispatcher.leftBefore, !run.isEmpty { return left - 1 }
        run.removeAll()
        try apply(merge, plugin, dispatcher)
        merges.removeFirst()
      }
      guard item.body.withUnsafeBytes({ RequestRecord.Command(item: $0) != nil }) else {
        run.append(item)
        continue
      }
      if !run.isEmpty { try count(run, plugin, dispatcher) }
      if let left = dispatcher.leftBefore, !run.isEmpty { return left - 1 }
      run.removeAll()
      try apply(item, plugin)
    }
    if !run.isEmpty { try count(run, plugin, dispatcher) }
    if let left = dispatcher.leftBefore, !run.isEmpty { return left - 1 }
    for merge in merges { try apply(merge, plugin, dispatcher) }
    return last
  }

  /// Makes one cell of the plugin out of two; neither user needs to be there any more.
  private func apply(_ merge: MergedUser, _ plugin: Int, _ dispatcher: Dispatcher) throws {
    try workingSet.beginBatch()
    if let from = try workingSet.slot(app: merge.app, uid: merge.from),
      let into = try workingSet.slot(app: merge.app, uid: merge.into)
    {
      dispatcher.merge(merge, from: from, into: into, only: plugin)
    }
    try workingSet.endBatch()
  }

  /// Applies a command, when it is this plugin's.
  private func apply(_ item: RawItem, _ plugin: Int) throws {
    try item.body.withUnsafeBytes { bytes in
      guard let command = RequestRecord.Command(item: bytes),
        commands.dispatcher.number(of: command.plugin) == plugin
      else { return }
      try workingSet.beginBatch()
      let outcome = try commands.apply(
        command, item.key.position, item.receivedMs, ofUser: item.user)
      try settle(command, item, plugin, isKept: outcome.isDeadLetter, reason: outcome.reason)
      try workingSet.endBatch()
      guard outcome.status != 0 else { return }
      log.warning(
        "a command was refused in catch-up",
        metadata: [
          "plugin": "\(command.plugin)", "position": "\(item.key.position)",
          "reason": "\(outcome.reason)",
        ])
    }
  }

  /// A command that waits as a dead letter no longer does once it was tried here; one that nobody
  /// can try does from here on.
  private func settle(
    _ command: RequestRecord.Command, _ item: RawItem, _ plugin: Int, isKept: Bool, reason: String
  ) throws {
    let letters = try store.deadLetters(
      ofPlugin: plugin, position: item.key.position, item: item.key.item)
    if !isKept {
      letters.forEach(workingSet.settleDeadLetter)
    } else if letters.isEmpty {
      workingSet.deadLetter(
        plugin: plugin, position: item.key.position, item: item.key.item, app: command.app,
        reason: reason, receivedMs: item.receivedMs, body: command.item)
    }
  }

  private func count(_ items: [RawItem], _ plugin: Int, _ dispatcher: Dispatcher) throws {
    let apps = registry.snapshot
    users.begin()
    builder.follow(apps)
    builder.begin()
    try workingSet.beginBatch()
    var counted: [RawItem] = []
    var facts: [[RawFacts.Fact]] = []
    for item in items {
      let said = RawFacts.read(item.facts) ?? []
      if try append(item, said, apps) {
        counted.append(item)
        facts.append(said)
      }
    }
    if let first = counted.first?.key.position, let last = counted.last?.key.position {
      try run(plugin, first...last, facts, dispatcher)
      for letter in dispatcher.deadLetters { keep(letter, counted) }
    }
    try workingSet.endBatch()
  }

  private func append(
    _ item: RawItem, _ said: [RawFacts.Fact], _ apps: RegisteredApps
  ) throws -> Bool {
    guard let app = apps.byNumber[item.app] else { return false }
    return try item.body.withUnsafeBytes { bytes in
      guard let record = RequestRecord.Item(bytes) else { return false }
      // Merges that came later have not happened yet.
      guard
        let slot = try workingSet.user(app: item.app, uid: item.user, device: record.device)
      else { return false }
      builder.append(
        item, record, said: said, uid: item.user, userIndex: users.index(of: slot),
        calendar: app.calendar, appCountry: app.country)
      return true
    }
  }

  private func run(
    _ plugin: Int, _ positions: ClosedRange<UInt64>, _ facts: [[RawFacts.Fact]],
    _ dispatcher: Dispatcher
  ) throws {
    let batch = builder.finish()
    try users.slots.withUnsafeBufferPointer { slots in
      try dispatcher.run(
        .init(batch: batch, users: slots, positions: positions, contains: builder.contains),
        only: plugin
      ) { block, own in
        for (place, said) in facts.enumerated() {
          for fact in said.reversed() {
            let name = builder.declare(fact.name)
            guard name != own else { continue }
            fact.value.withUnsafeBytes { block.append(item: place, name: name, value: $0) }
          }
        }
      }
    }
  }

  private func keep(_ letter: Dispatcher.DeadLetter, _ items: [RawItem]) {
    let item = items.first {
      $0.key.position == letter.position && $0.key.item == letter.item
    }
    letters.tell(letter, "dead letter: a plugin that catches up could not take an item")
    workingSet.ledger(app: letter.app, reason: LedgerTally.Reason.deadLetter.rawValue, 1)
    (item?.body ?? []).withUnsafeBytes {
      workingSet.deadLetter(
        plugin: letter.plugin, position: letter.position, item: letter.item, app: letter.app,
        reason: letter.reason, step: letter.step, receivedMs: item?.receivedMs ?? 0, body: $0)
    }
  }
}
