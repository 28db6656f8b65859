import PluginABI
import Store

/// What one call of a hook asks for, written down for the host, and what it reads meanwhile: cells
/// and seen hours that came with the batch, changed here as the host will change them. What did not
/// come is asked for. `RecordingStage+Table.swift` builds the table a hook gets.
final class RecordingStage {
  /// A user of the batch, as the call has left him.
  struct Working {
    /// What the call put, or was given when it asked; nil while what came with the batch stands.
    var cell: UnsafeRawBufferPointer?
    var seen: SeenHours?
  }

  let exchange: RunnerExchange
  let arena = Arena()
  var mirror = SeriesMirror()
  var buckets = BucketCache()
  /// Metrics the plugin registered.
  var metrics = 0
  /// What the hooks have read so far.
  private(set) var wants: Wire.Wants = []
  private(set) var batch: UnsafePointer<tally_batch>?
  /// By the user's place in the batch; only what is in `touched` is anything.
  private(set) var working: ContiguousArray<Working> = []
  private var touched: ContiguousArray<Int> = []
  private var users: UnsafePointer<UInt64>?
  private var sent: Wire.Wants = []
  private var epoch: UInt64 = 0

  /// What intake hooks are handed.
  let intake = IntakeCall()
  /// The functions of process hooks and commands.
  private(set) lazy var effects = makeTable()

  init(_ exchange: RunnerExchange) {
    self.exchange = exchange
  }

  /// One call: which hook, over which batch.
  struct Call {
    let hook: Int
    let facts: UnsafePointer<tally_facts>
  }

  /// Begins a call that the host's message describes.
  func begin(_ message: inout WireReader) throws(WireDamage) -> Call {
    let hook = Int(try message.word())
    let epoch = try message.word()
    let batch = exchange.address(try message.word())
    let facts = exchange.address(try message.word())
    let users = exchange.address(try message.word())
    let userCount = Int(try message.word())
    sent = Wire.Wants(rawValue: try message.word())
    if epoch != self.epoch { mirror.removeAll() }
    self.epoch = epoch
    self.batch = batch.assumingMemoryBound(to: tally_batch.self)
    self.users = users.assumingMemoryBound(to: UInt64.self)
    for user in touched { working[user] = Working() }
    touched.removeAll(keepingCapacity: true)
    let missing = userCount - working.count
    if missing > 0 { working.append(contentsOf: repeatElement(Working(), count: missing)) }
    exchange.writer.put(0)
    return Call(hook: hook, facts: facts.assumingMemoryBound(to: tally_facts.self))
  }

  /// Begins a call that is about no batch.
  func begin() {
    batch = nil
    exchange.writer.put(0)
  }

  /// Ends the call: the host performs what was asked for when the status is good.
  func finish(
    _ status: tally_status, _ reason: String, refusals: Refusals, services: RemoteServices?
  ) {
    _ = reserve(WireWriter.room(reason.utf8.count) + Wire.trailerBytes)
    seal()
    exchange.writer.put(UInt64(bitPattern: Int64(status)))
    exchange.writer.put(wants.rawValue)
    exchange.writer.put(reason)
    refusals.write(to: &exchange.writer)
    Wire.writeChanges(of: services, to: &exchange.writer)
    exchange.send(.done)
    arena.reset()
  }

  // MARK: Writing

  /// Makes room for an entry; the host takes what is there when it is needed. False when the entry
  /// is larger than any message: the call is refused then.
  func reserve(_ bytes: Int) -> Bool {
    // The last words of a call always have room.
    let usable = Wire.messageBytes - Wire.trailerBytes - 8_192
    if exchange.writer.used + bytes <= usable { return true }
    _ = flush()
    if bytes <= usable { return true }
    refuse("an effect of \(bytes) bytes is over the isolated lane's limit of \(usable)")
    return false
  }

  func refuse(_ reason: String) {
    exchange.writer.put(Wire.Entry.refuse.rawValue, 0)
    exchange.writer.put(reason)
  }

  /// Hands over what was written; what the host gives is about the last entry.
  func flush() -> WireReader {
    seal()
    let given = exchange.ask()
    exchange.writer.put(0)
    return given
  }

  /// The first word of a message says where its effects end.
  private func seal() {
    exchange.writer.patch(UInt64(exchange.writer.used - 8), at: 0)
  }

  // MARK: Reading

  /// The item at that place, if it lies in the window of this call.
  func item(_ index: UInt32) -> UnsafePointer<tally_item>? {
    guard let batch, index >= batch.pointee.first_item, index < batch.pointee.end_item else {
      return nil
    }
    return tally_batch_item(batch, index)
  }

  /// The user's cell as it came, or nil when it did not.
  func sentCell(_ user: Int) -> UnsafeRawBufferPointer? { sentBytes(user, .cells, word: 0) }

  /// Makes the user's seen hours a working copy; false when they did not come.
  func loadSeen(_ user: Int) -> Bool {
    if working[user].seen != nil { return true }
    guard let bytes = sentBytes(user, .seen, word: 2) else { return false }
    change(user) { $0.seen = SeenHours(bytes: Array(bytes)) }
    return true
  }

  /// Changes what the call has made of a user.
  func change<T>(_ user: Int, _ body: (inout Working) -> T) -> T {
    if working[user].cell == nil, working[user].seen == nil { touched.append(user) }
    return body(&working[user])
  }

  /// From the next batch on these travel with it.
  func want(_ more: Wire.Wants) { wants.insert(more) }

  private func sentBytes(
    _ user: Int, _ what: Wire.Wants, word: Int
  ) -> UnsafeRawBufferPointer? {
    guard sent.contains(what), let users else { return nil }
    let offset = users[user * Wire.wordsPerUser + word]
    guard offset != Wire.none else { return nil }
    return UnsafeRawBufferPointer(
      start: exchange.address(offset),
      count: Int(users[user * Wire.wordsPerUser + word + 1]))
  }
}

extension RecordingStage: Conversation {
  func ask(_ frame: [UInt8]) -> [UInt8]? {
    guard reserve(8 + WireWriter.room(frame.count)) else { return nil }
    exchange.writer.put(Wire.Entry.service.rawValue, 0)
    frame.withUnsafeBytes { exchange.writer.put($0) }
    var given = flush()
    guard (try? given.word()) == 1 else { return nil }
    return (try? given.data()).map { Array($0) }
  }
}
