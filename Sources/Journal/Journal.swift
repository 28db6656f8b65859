import Glibc

/// The durable log between the answer to a request and the commit to the store. It knows bytes
/// only.
///
/// `append` (any thread) → `GroupQueue` → `JournalWriter` (one thread: write, sync, answer) →
/// `SegmentCatalog` → `JournalReader` (the pipeline's thread) → `trim` behind the store's commit.
package final class Journal: @unchecked Sendable {
  /// What was found and done when it was opened.
  package let recovery: JournalRecovery

  private let configuration: JournalConfiguration
  private let queue: GroupQueue
  private let catalog: SegmentCatalog
  private let filler: SegmentFiller
  private let writer: JournalWriter
  private let space: DiskSpace
  private let closing = Monitor()
  private var isClosed = false

  /// Recovers what is in the folder and makes it ready to append, in a new segment. `storePosition`
  /// is what the store has committed: positions up to it are never used again.
  package static func open(_ configuration: JournalConfiguration, storePosition: UInt64)
    throws(JournalError) -> Journal
  {
    let recovery = Recovery(directory: configuration.directory, files: configuration.files)
    try recovery.prepareDirectory()
    let plan = RecoveryPlan(try scan(configuration.directory), storePosition: storePosition)
    let report = try recovery.perform(plan)
    let journal = Journal(configuration, plan: plan, report: report)
    try journal.writer.start()
    journal.filler.start()
    return journal
  }

  private init(
    _ configuration: JournalConfiguration, plan: RecoveryPlan, report: JournalReport
  ) {
    precondition(configuration.entryBytesMax <= Int(UInt32.max) - EntryFrame.size)
    precondition(configuration.segmentBytes > 0 && configuration.groupBytesMax > 0)
    self.configuration = configuration
    recovery = JournalRecovery(report: report, nextPosition: plan.nextPosition)
    queue = GroupQueue(
      bytesMax: configuration.queueBytesMax, groupBytesMax: configuration.groupBytesMax)
    catalog = SegmentCatalog(
      directory: configuration.directory, records: plan.kept,
      durablePosition: plan.durablePosition)
    space = DiskSpace(
      directory: configuration.directory, reserveBytes: configuration.diskReserveBytes,
      files: configuration.files)
    filler = SegmentFiller(
      directory: configuration.directory, segmentBytes: configuration.segmentBytes,
      files: configuration.files, space: space)
    let head = LogHead(
      nextPosition: plan.nextPosition, answeredPosition: plan.answeredPosition,
      sequence: plan.kept.last?.sequence ?? 0, end: plan.lastEnd)
    writer = JournalWriter(
      configuration: configuration, queue: queue, catalog: catalog, filler: filler, head: head)
  }

  deinit { close() }

  // MARK: Any thread

  /// Registers who is told; the number goes with every append.
  package func attach(_ sink: any JournalSink) -> Int { writer.attach(sink) }

  /// Queues a copy of the entry; everything but `.queued` means it was not taken. The sink is told
  /// once the entry is durable, on the writer's thread and possibly before this returns. Whoever
  /// appends several in a row passes `wakes: false` and calls `wake` behind the last: otherwise the
  /// first one's wake takes the core from under the others, and they miss its group.
  package func append(
    _ entry: UnsafeRawBufferPointer, sink: Int, token: UInt64, wakes: Bool = true
  ) -> JournalAppend {
    guard entry.count <= configuration.entryBytesMax else { return refuse(.tooLarge) }
    if space.isLow() { return refuse(.diskReserve) }
    let answer = queue.append(
      entry, checksum: EntryFrame.checksum(entry), sink: sink, token: token, wakes: wakes)
    if answer == .queued { configuration.faultPoint?(.afterAppend) }
    return answer
  }

  /// Sends what was appended with `wakes: false` on its way.
  package func wake() { queue.wake() }

  /// What an append of `bytes` would be told now; so that a body need not be read for nothing.
  package func admission(of bytes: Int = 0) -> JournalAppend {
    if bytes > configuration.entryBytesMax { return .tooLarge }
    return space.isLow() ? .diskReserve : queue.admission(of: bytes + EntryFrame.size)
  }

  /// Has the next entry begin a segment, so that all before it is trimmed with its commit.
  package func turnSegment() { writer.turnSegment() }

  /// The last position that is durable (with durability `os`: written); the store's own in the
  /// beginning.
  package var durablePosition: UInt64 { catalog.durablePosition }

  /// Counters since the journal was opened.
  package var statistics: JournalStatistics {
    var statistics = writer.statistics
    queue.complete(&statistics)
    statistics.segmentsTrimmed = catalog.trimmedCount
    return statistics
  }

  private func refuse(_ reason: JournalAppend) -> JournalAppend {
    queue.count(refusal: reason)
    return reason
  }

  // MARK: The reading side

  /// A reader whose first entry is the one at `position`, or the first after it when that one is in
  /// a gap. `position` must not have been trimmed.
  package func reader(from position: UInt64) throws(JournalError) -> JournalReader {
    JournalReader(catalog: catalog, from: position)
  }

  /// Calls `body` with the durable entries from `position` to `end`, beside the reader behind which
  /// the journal is trimmed. False when some of them were trimmed before all were read: what `body`
  /// heard then means nothing.
  package func look(
    from position: UInt64, through end: UInt64,
    _ body: (_ position: UInt64, _ entry: UnsafeRawBufferPointer) -> Void
  ) throws(JournalError) -> Bool {
    guard position <= end else { return true }
    guard let reader = JournalReader(catalog: catalog, untrimmedFrom: position) else {
      return false
    }
    var batch = JournalBatch()
    var last = position - 1
    do {
      repeat {
        try reader.next(
          into: &batch, maxBytes: Self.lookBytes, maxEntries: Self.lookEntries, timeout: .zero)
        batch.withEntries { at, entry in if at <= end { body(at, entry) } }
        last = batch.entries.last?.position ?? end
      } while last < end
    } catch {
      // A file that was trimmed meanwhile may hold anything by now.
      guard isUntrimmed(from: position) else { return false }
      throw error
    }
    return isUntrimmed(from: position)
  }

  private static let lookBytes = 256 << 10
  private static let lookEntries = 1_024

  private func isUntrimmed(from position: UInt64) -> Bool {
    catalog.monitor.withLock { catalog.isReadable(position) }
  }

  /// Takes out the segments whose entries all lie at or before `position`, never the one in use.
  package func trim(through position: UInt64) {
    let sequences = catalog.removeTrimmed(through: position)
    guard !sequences.isEmpty else { return }
    configuration.faultPoint?(.beforeTrim)
    filler.retire(sequences)
  }

  // MARK: The end

  /// Takes no more, syncs and answers what is queued, stops the threads. Readers go on with what is
  /// there.
  package func close() {
    let first = closing.withLock {
      defer { isClosed = true }
      return !isClosed
    }
    guard first else { return }
    queue.close()
    // First, so that nobody fills zeros behind the end that the writer cuts.
    filler.stop()
    writer.join()
  }
}
