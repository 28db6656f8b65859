import PluginABI
import PluginRuntime
import Store

/// Has one plugin count a dead letter's item after all, with the facts of its time. The pipeline's
/// thread only, at rest.
final class DeadLetterReplay {
  /// What became of it, in words.
  struct Outcome: Codable, Equatable, Sendable {
    let id: Int64
    let plugin: String
    let isCounted: Bool
    /// Why it was refused again, or how far the replay is from what would have been counted then.
    let note: String

    enum CodingKeys: String, CodingKey {
      case id, plugin, note
      case isCounted = "counted"
    }
  }

  static let note =
    "counted with the facts of its time; what the plugin keeps of the user is as it is now"
  static let commandNote =
    "applied behind everything that came after it; whoever gave it was told that it had failed"
  static let documentNote =
    "only what the item adds to the document was counted, all else was counted before; "
    + "what the plugin keeps of the user is as it is now"

  private let workingSet: WorkingSet
  private let dispatcher: Dispatcher
  private let builder: BatchBuilder
  private let registry: AppRegistry
  private let commands: CommandApplier
  private let raw: RawReader

  init(
    store: Store, workingSet: WorkingSet, dispatcher: Dispatcher, builder: BatchBuilder,
    registry: AppRegistry, commands: CommandApplier
  ) {
    self.workingSet = workingSet
    self.dispatcher = dispatcher
    self.builder = builder
    self.registry = registry
    self.commands = commands
    raw = RawReader(store)
  }

  /// Counts the letter and removes it, both in the next flush, or leaves everything as it is.
  func run(_ letter: StoredDeadLetter) throws -> Outcome {
    if let outcome = try letter.body.withUnsafeBytes({ try apply(letter, $0) }) { return outcome }
    let received = try rawItem(of: letter)
    guard let facts = RawFacts.read(received.facts) else {
      throw refusal(letter, "the facts of its raw row are damaged")
    }
    let result = try workingSet.withBatch {
      try letter.body.withUnsafeBytes { try replay(letter, $0, received, facts) }
    }
    switch result {
    case .noConsumer(let reason): throw refusal(letter, reason)
    case .refused(let reason):
      return Outcome(id: letter.id, plugin: letter.plugin, isCounted: false, note: reason)
    case .counted:
      workingSet.settleDeadLetter(letter.id)
      for later in dispatcher.deadLetters { keep(later, of: letter) }
      var note = Self.note
      if case .reduce = letter.step { note = Self.documentNote }
      return Outcome(id: letter.id, plugin: letter.plugin, isCounted: true, note: note)
    }
  }

  private func replay(
    _ letter: StoredDeadLetter, _ bytes: UnsafeRawBufferPointer, _ received: RawItem,
    _ facts: [RawFacts.Fact]
  ) throws -> Dispatcher.Replay {
    guard let item = RequestRecord.Item(bytes) else {
      throw refusal(letter, "its bytes cannot be read")
    }
    guard let app = registry.snapshot.byNumber[letter.app] else {
      throw refusal(letter, "its app is gone")
    }
    let user = try user(of: item, received)
    var users = DenseIndex()
    users.begin()
    builder.follow(registry.snapshot)
    builder.begin()
    builder.append(
      received, item, said: facts, uid: user.uid, userIndex: users.index(of: user.slot),
      calendar: app.calendar, appCountry: app.country)
    let batch = builder.finish()
    let said = facts.reversed().map { (name: builder.declare($0.name), value: $0.value) }
    return try users.slots.withUnsafeBufferPointer { slots in
      try dispatcher.replay(
        .init(
          batch: batch, users: slots, positions: letter.position...letter.position,
          contains: builder.contains),
        plugin: letter.plugin, step: letter.step, said: said)
    }
  }

  /// Whose it is; what is nobody's has the number of one nobody sees.
  private func user(
    of item: RequestRecord.Item, _ received: RawItem
  ) throws -> (slot: Int32, uid: UInt64) {
    guard item.device.isEmpty else {
      let user = try workingSet.user(
        app: item.app, device: item.device, nowMs: received.receivedMs)
      return (user.slot, user.uid)
    }
    guard let slot = try workingSet.slot(app: item.app, uid: received.user) else {
      throw CommandError(.invalidArgument, "the user of the dead letter is gone; drop it")
    }
    return (slot, received.user)
  }

  /// Applies a command that nobody could apply; nil when the letter is none. It was applied by
  /// nobody, so that its records have the identities they would have had.
  private func apply(
    _ letter: StoredDeadLetter, _ bytes: UnsafeRawBufferPointer
  ) throws -> Outcome? {
    guard let command = RequestRecord.Command(item: bytes) else { return nil }
    let outcome = try workingSet.withBatch {
      try commands.apply(command, letter.position, letter.receivedMs, isReplay: true)
    }
    if outcome.isDeadLetter { throw refusal(letter, outcome.reason) }
    let isApplied = outcome.status == 0
    if isApplied { workingSet.settleDeadLetter(letter.id) }
    return Outcome(
      id: letter.id, plugin: letter.plugin, isCounted: isApplied,
      note: isApplied ? Self.commandNote : "status \(outcome.status): \(outcome.reason)")
  }

  private func rawItem(of letter: StoredDeadLetter) throws -> RawItem {
    let key = RawKey(position: letter.position, item: letter.item)
    let before = RawKey(rawValue: key.rawValue - 1)
    let found = try raw.items(after: before, through: letter.position, bytesMax: 1).first
    guard let found, found.key == key, !letter.body.isEmpty else {
      throw refusal(letter, "its raw row is gone, and with it the facts; drop it")
    }
    return found
  }

  /// A hook took the item and a document did not: that is a new letter.
  private func keep(_ later: Dispatcher.DeadLetter, of letter: StoredDeadLetter) {
    letter.body.withUnsafeBytes { body in
      workingSet.deadLetter(
        plugin: later.plugin, position: later.position, item: later.item, app: later.app,
        reason: later.reason, step: later.step, receivedMs: letter.receivedMs, body: body)
    }
  }

  private func refusal(_ letter: StoredDeadLetter, _ reason: String) -> CommandError {
    CommandError(.invalidArgument, "dead letter \(letter.id) cannot be replayed: \(reason)")
  }
}

extension WorkingSet {
  /// Runs `body` as a batch, ended whatever happens.
  fileprivate func withBatch<T>(_ body: () throws -> T) throws -> T {
    try beginBatch()
    do {
      let result = try body()
      try endBatch()
      return result
    } catch {
      try endBatch()
      throw error
    }
  }
}
