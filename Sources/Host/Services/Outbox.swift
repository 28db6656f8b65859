import Journal
import Logging
import PluginRuntime
import Store
import Synchronization

/// Records that hooks made, from the commit that keeps them to the commit that counts them.
///
/// A record is in the store's outbox until it is counted, and leaves it in the transaction that
/// counts it. So an entry whose record is not there has been counted before: appending one twice,
/// after a crash or a failed sync, does no harm. The pipeline's thread only, except `completed`.
final class Outbox: JournalSink, @unchecked Sendable {
  /// Records that wait; more are dropped and counted.
  static let recordsMax = 100_000

  private let journal: Journal
  private let store: Store
  private let partition: @Sendable (UInt32, [UInt8]) -> UInt8
  /// Made and not counted.
  private var waiting: Set<OutboxID> = []
  private var rows = ServiceRows()
  /// Made since the last flush was taken, and those of the flush under way.
  private var staged: [OutboxRecord] = []
  private var flushing: [OutboxRecord] = []
  /// Committed and not in the journal.
  private var ready: [OutboxRecord] = []
  /// In the journal's queue, by token.
  private var underWay: [UInt64: OutboxRecord] = [:]
  private var nextToken: UInt64 = 1
  private var sink = 0
  private let finished = Mutex<[(token: UInt64, durable: Bool)]>([])
  let counters = Counters()

  /// What became of records.
  struct Counters: Sendable {
    let made = Metrics.Counter()
    /// Entries whose record had been counted before.
    let repeated = Metrics.Counter()
    /// Records beyond `recordsMax`.
    let dropped = Metrics.Counter()
  }

  init(
    journal: Journal, store: Store, partition: @escaping @Sendable (UInt32, [UInt8]) -> UInt8
  ) throws {
    self.journal = journal
    self.store = store
    self.partition = partition
    sink = journal.attach(self)
    try reset()
  }

  // MARK: Counting

  /// Keeps what hooks made in the batch that was counted; answers what finds no place.
  func add(_ records: [OutboxRecord]) -> [OutboxRecord] {
    var lost: [OutboxRecord] = []
    for record in records {
      guard waiting.count < Self.recordsMax else {
        counters.dropped.add()
        lost.append(record)
        continue
      }
      counters.made.add()
      waiting.insert(record.id)
      staged.append(record)
      rows.added.append(record)
    }
    return lost
  }

  /// Whether an entry's record is yet to be counted; if so it leaves the outbox with the next
  /// flush.
  func take(_ id: OutboxID) -> Bool {
    guard waiting.remove(id) != nil else {
      counters.repeated.add()
      return false
    }
    rows.settled.append(id)
    return true
  }

  // MARK: Committing

  /// What the next flush writes.
  func takeRows() -> ServiceRows {
    defer { rows = ServiceRows() }
    flushing += staged
    staged.removeAll()
    return rows
  }

  /// The flush is committed: what it keeps may go on its way.
  func didCommit() {
    ready += flushing
    flushing.removeAll()
    pump()
  }

  /// Appends what is ready; what the journal does not take stays for the next time.
  func pump() {
    for (token, durable) in takeFinished() {
      guard let record = underWay.removeValue(forKey: token), !durable else { continue }
      ready.append(record)
    }
    guard !ready.isEmpty else { return }
    var sent = 0
    for record in ready {
      let entry = RequestRecord.write(
        app: record.app, device: record.device, object: record.object,
        receivedMs: record.receivedMs, partition: partition(record.app, record.device),
        outbox: (record.id, record.depth))
      let answer = entry.withBytes {
        journal.append($0, sink: sink, token: nextToken, wakes: false)
      }
      guard answer == .queued else { break }
      underWay[nextToken] = record
      nextToken += 1
      sent += 1
    }
    ready.removeFirst(sent)
    if sent > 0 { journal.wake() }
  }

  /// Begins again from what is committed.
  func reset() throws {
    rows = ServiceRows()
    staged.removeAll()
    flushing.removeAll()
    ready = try store.outbox()
    waiting = Set(ready.map(\.id))
  }

  // MARK: The journal's thread

  func completed(_ tokens: [UInt64], durable: Bool) {
    finished.withLock { $0 += tokens.map { ($0, durable) } }
  }

  private func takeFinished() -> [(token: UInt64, durable: Bool)] {
    finished.withLock { finished in
      defer { finished.removeAll() }
      return finished
    }
  }
}
