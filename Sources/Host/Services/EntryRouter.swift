import Journal
import Logging
import PluginRuntime
import Store

/// Takes a batch of the journal apart by kind, in order: requests and records are counted, commands
/// are applied between them. The pipeline's thread only.
final class EntryRouter {
  private let store: Store
  private let dispatcher: Dispatcher
  private let workingSet: WorkingSet
  private let commands: CommandApplier
  private let desk: CommandDesk
  private let outbox: Outbox
  private let clearer: AppClearer
  private let log: Logger
  /// Plugins that catch up, by number: their commands wait for them as raw rows.
  var behind: Set<Int> = []
  /// Does something while everything before a position is committed and nothing is under way.
  var standStill: (_ position: UInt64, _ body: () throws -> Void) throws -> Void = { _, body in
    try body()
  }
  private var part = JournalBatch()
  /// Entries that are counted together: all of one depth.
  private var run: ContiguousArray<(position: UInt64, bytes: UnsafeRawBufferPointer)> = []
  private var depth: UInt8 = 0

  struct Parts {
    let store: Store
    let dispatcher: Dispatcher
    let workingSet: WorkingSet
    let commands: CommandApplier
    let desk: CommandDesk
    let outbox: Outbox
    let clearer: AppClearer
    let log: Logger
  }

  init(_ parts: Parts) {
    store = parts.store
    dispatcher = parts.dispatcher
    workingSet = parts.workingSet
    commands = parts.commands
    desk = parts.desk
    outbox = parts.outbox
    clearer = parts.clearer
    log = parts.log
  }

  /// Counts and applies every entry of the batch. Throws only what makes the whole batch be taken
  /// again.
  func take(_ batch: borrowing JournalBatch, _ counter: BatchCounter) throws {
    if isPlain(batch) {
      dispatcher.depth = 0
      try counter.count(batch)
      return collect()
    }
    run.removeAll(keepingCapacity: true)
    depth = 0
    try batch.withEntries { position, entry in try route(position, entry, counter) }
    try countRun(counter)
  }

  // MARK: Committing

  /// What services write with the next flush.
  func takeRows() -> ServiceRows { outbox.takeRows() }

  /// A flush with everything up to `position` is committed.
  func didCommit(through position: UInt64) {
    desk.settle(through: position)
    outbox.didCommit()
  }

  /// Sends what could not be sent before.
  func pump() { outbox.pump() }

  /// Everything that is not committed is begun again.
  func reset() throws {
    dispatcher.dropOutgoing()
    desk.reset()
    try outbox.reset()
  }

  // MARK: One batch

  private func isPlain(_ batch: borrowing JournalBatch) -> Bool {
    let bytes = batch.bytes
    return batch.entries.allSatisfy {
      $0.count < 2 || bytes[$0.offset + 1] == RequestRecord.Kind.request.rawValue
    }
  }

  private func route(
    _ position: UInt64, _ entry: UnsafeRawBufferPointer, _ counter: BatchCounter
  ) throws {
    switch RequestRecord.kind(of: entry) {
    case .command?:
      try countRun(counter)
      try apply(position, entry)
    case .emitted?:
      guard let tail = RequestRecord.outboxTail(of: entry) else {
        return try add(position, entry, depth: 0, counter)
      }
      guard outbox.take(tail.id) else { return bookRepeated(entry) }
      try add(position, tail.entry, depth: tail.depth, counter)
    case .request?, nil: try add(position, entry, depth: 0, counter)
    }
  }

  /// A record that came into the journal twice is counted once, but both are in the books.
  private func bookRepeated(_ entry: UnsafeRawBufferPointer) {
    RequestRecord.eachItem(of: entry) { app in
      workingSet.ledger(app: app, reason: LedgerTally.Reason.accepted.rawValue, 1)
      workingSet.ledger(app: app, reason: LedgerTally.Reason.duplicate.rawValue, 1)
    }
  }

  private func add(
    _ position: UInt64, _ entry: UnsafeRawBufferPointer, depth: UInt8, _ counter: BatchCounter
  ) throws {
    if depth != self.depth { try countRun(counter) }
    self.depth = depth
    run.append((position, entry))
  }

  private func countRun(_ counter: BatchCounter) throws {
    guard !run.isEmpty else { return }
    part.fill(copying: run)
    run.removeAll(keepingCapacity: true)
    dispatcher.depth = depth
    try counter.count(part)
    collect()
  }

  /// Keeps what hooks emitted since it was last asked.
  func collect() { dispatcher.countDropped(outbox.add(dispatcher.takeOutgoing())) }

  // MARK: Commands

  private func apply(_ position: UInt64, _ entry: UnsafeRawBufferPointer) throws {
    guard let command = RequestRecord.Command(entry: entry) else {
      return keep(position, nil, entry, reason: "the command cannot be read")
    }
    let receivedMs: Int64 = entry.little(at: 8)
    if let clearing = AppClearer.clearing(command) {
      try standStill(position) { try clearer.clear(command.app, clearing, through: position) }
      let done = CommandOutcome(status: Status.ok)
      return desk.note(ticket: entry.little(at: 16), position: position, done)
    }
    try workingSet.beginBatch()
    if HostCommand.isOne(command) {
      // Nobody else has to meet it: it is no raw row.
      let outcome = try HostCommand.apply(command, receivedMs: receivedMs, to: workingSet)
      try workingSet.endBatch()
      return desk.note(ticket: entry.little(at: 16), position: position, outcome)
    }
    let outcome =
      isBehind(command.plugin) ? Self.later : try commands.apply(command, position, receivedMs)
    workingSet.appendRaw(
      position: position, item: 0, app: command.app, uid: try user(of: command, receivedMs),
      timestampMs: receivedMs, receivedMs: receivedMs, body: command.item,
      facts: .init(start: nil, count: 0))
    try workingSet.endBatch()
    collect()
    if outcome.isDeadLetter, try !(outcome.isOwnerless && willReturn(command.plugin)) {
      keep(position, command, entry, reason: outcome.reason)
    }
    desk.note(ticket: entry.little(at: 16), position: position, outcome)
  }

  /// The user a command is about, so that its raw row is erased with them; 0 for nobody.
  private func user(of command: RequestRecord.Command, _ nowMs: Int64) throws -> UInt64 {
    guard !command.device.isEmpty else { return 0 }
    return try workingSet.user(app: command.app, device: command.device, nowMs: nowMs).uid
  }

  private func isBehind(_ plugin: String) -> Bool {
    !behind.isEmpty && dispatcher.number(of: plugin).map(behind.contains) ?? false
  }

  /// Whether a plugin that does not run has a position to go on from: then it meets the command
  /// among the raw rows.
  private func willReturn(_ plugin: String) throws -> Bool {
    guard let number = try store.knownPluginNumber(plugin) else { return false }
    return try store.storedPosition(ofPlugin: number) != nil
  }

  /// The plugin meets the command among the raw rows, in its place.
  private static let later = CommandOutcome(
    status: Status.timeout,
    reason: "the plugin is catching up and applies it in its turn; do not repeat it")

  /// What nobody could apply is kept for whoever can.
  private func keep(
    _ position: UInt64, _ command: RequestRecord.Command?, _ entry: UnsafeRawBufferPointer,
    reason: String
  ) {
    log.error(
      "dead letter: a command could not be applied",
      metadata: [
        "plugin": "\(command?.plugin ?? "")", "position": "\(position)", "reason": "\(reason)",
      ])
    let plugin = command.flatMap { try? workingSet.plugin($0.plugin) } ?? 0
    workingSet.deadLetter(
      plugin: plugin, position: position, item: 0, app: command?.app ?? 0, reason: reason,
      receivedMs: entry.count >= 16 ? entry.little(at: 8) : 0, body: command?.item ?? entry)
  }
}
