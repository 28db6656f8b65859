import Glibc
import Synchronization

/// The one thread that writes: takes a group, writes it, syncs it, tells who waits. When the disk
/// fails it answers, cuts the file back and tries a new segment until one works.
final class JournalWriter: @unchecked Sendable {
  private let configuration: JournalConfiguration
  private let queue: GroupQueue
  private let catalog: SegmentCatalog
  private let filler: SegmentFiller
  /// Guards the sinks and the statistics.
  private let monitor = Monitor()
  private var sinks: [any JournalSink] = []
  /// Somebody wants what is written to be trimmed soon.
  private let turns = Atomic<Bool>(false)
  private var counts = JournalStatistics()
  /// The writer's thread only.
  private var head: LogHead
  private var segment: Segment?
  private var thread: WorkerThread?

  init(
    configuration: JournalConfiguration, queue: GroupQueue, catalog: SegmentCatalog,
    filler: SegmentFiller, head: LogHead
  ) {
    self.configuration = configuration
    self.queue = queue
    self.catalog = catalog
    self.filler = filler
    self.head = head
  }

  /// Opens the first segment and starts the thread. An empty group says at once where the segment
  /// before ends and which position is next.
  func start() throws(JournalError) {
    try openSegment()
    let failure = mark()
    guard failure == 0 else { throw .disk("write", configuration.directory, failure) }
    thread = WorkerThread(name: "journal-writer") { self.run() }
    guard thread != nil else {
      throw JournalError(.directory, "cannot start the journal's thread: no threads left")
    }
  }

  /// Waits for the thread; the queue must be closed.
  func join() {
    thread?.join()
    thread = nil
  }

  // MARK: Any thread

  func attach(_ sink: any JournalSink) -> Int {
    monitor.withLock {
      sinks.append(sink)
      return sinks.count - 1
    }
  }

  /// The next group begins a segment.
  func turnSegment() { turns.store(true, ordering: .relaxed) }

  var sinkCount: Int { monitor.withLock { sinks.count } }

  var statistics: JournalStatistics { monitor.withLock { counts } }

  // MARK: The writer's thread

  private func run() {
    var finished: GroupBuffer?
    while let group = queue.next(after: finished) {
      finished = group
      do {
        let header = try write(group)
        catalog.publish(
          sequence: header.sequence, end: header.end, lastPosition: header.lastPosition)
        count(group)
        answer(group, durable: true)
      } catch {
        breakOff(group, after: error)
        awaitDisk()
      }
    }
    finish()
  }

  private func write(_ group: GroupBuffer) throws(JournalError) -> GroupHeader {
    let turns = turns.exchange(false, ordering: .relaxed)
    if turns || head.needsSegment(for: group.count, segmentBytes: configuration.segmentBytes) {
      try openSegment()
    }
    guard let segment else { throw JournalError(.disk, "the journal has no segment") }
    let header = head.header(entryCount: group.entryCount, bodyBytes: group.bodyBytes)
    filler.claim(through: header.end)
    let failure = group.withSealed(header) {
      configuration.files.write(segment.descriptor, $0, header.offset)
    }
    guard failure == 0 else { throw .disk("write", segment.path, failure) }
    configuration.faultPoint?(.afterWrite)
    if configuration.durability == .fsync {
      let unsynced = configuration.files.sync(segment.descriptor)
      guard unsynced == 0 else { throw .disk("sync", segment.path, unsynced) }
      configuration.faultPoint?(.afterSync)
    }
    head.wrote(header, synced: configuration.durability == .fsync)
    filler.advance(to: header.end)
    return header
  }

  private func openSegment() throws(JournalError) {
    let next = try filler.take(sequence: head.sequence + 1)
    head.beginSegment(nonce: .random(in: 1 ... .max))
    segment = next
    monitor.withLock { counts.segmentsOpened += 1 }
  }

  private func count(_ group: GroupBuffer) {
    monitor.withLock {
      counts.groups += 1
      counts.entries += UInt64(group.entryCount)
      counts.bytes += UInt64(group.bodyBytes - group.entryCount * EntryFrame.size)
      if configuration.durability == .fsync { counts.syncs += 1 }
    }
  }

  private func answer(_ group: GroupBuffer, durable: Bool) {
    let sinks = monitor.withLock { self.sinks }
    for (sink, tokens) in zip(sinks, group.tokens) where !tokens.isEmpty {
      sink.completed(tokens, durable: durable)
    }
  }

  // MARK: Failure

  /// Takes no more, cuts the file back to what is valid, then answers the group and all that waits.
  /// The descriptor is not tried again: after a failed sync the kernel may call pages clean that
  /// never reached the disk.
  private func breakOff(_ group: GroupBuffer, after failure: JournalError) {
    monitor.withLock {
      counts.failures += 1
      counts.lastFailure = failure.message
    }
    let queued = queue.breakOff()
    if let segment {
      // When this fails too, the next segment's first header says where this one ends.
      _ = configuration.files.truncate(segment.descriptor, head.offset)
    }
    segment = nil
    for group in [group] + queued { answer(group, durable: false) }
    queue.discard(queued)
  }

  /// Until the disk is back, or the journal closed.
  private func awaitDisk() {
    while queue.pause(configuration.probeInterval) {
      guard probe() else { continue }
      queue.mend()
      return
    }
  }

  /// Whether the disk takes and keeps bytes again, and a new segment is open.
  private func probe() -> Bool {
    let path = configuration.directory + "/" + SegmentName.probe
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else { return false }
    let kept = Zeros.write(to: descriptor, 0..<Zeros.count, files: configuration.files) == 0
    Glibc.close(descriptor)
    Glibc.unlink(path)
    guard kept else { return false }
    do {
      try openSegment()
      return true
    } catch { return false }
  }

  // MARK: The end

  /// Everything is answered: an empty group says that all before it is durable, and the zeros after
  /// it go, so that the next start has nothing to search.
  private func finish() {
    guard let segment else { return }
    let unsynced = configuration.files.sync(segment.descriptor)
    if unsynced == 0 { head.synced() }
    if unsynced != 0 || mark() != 0
      || configuration.files.truncate(segment.descriptor, head.offset) != 0
      || configuration.files.sync(segment.descriptor) != 0
    {
      monitor.withLock { counts.failures += 1 }
    }
    self.segment = nil
  }

  /// Writes and syncs an empty group; answers 0 or the error number.
  private func mark() -> Int32 {
    guard let segment else { return EBADF }
    let header = head.header(entryCount: 0, bodyBytes: 0)
    filler.claim(through: header.end)
    let failure = GroupBuffer(capacity: GroupHeader.size).withSealed(header) {
      configuration.files.write(segment.descriptor, $0, header.offset)
    }
    guard failure == 0 else { return failure }
    let unsynced = configuration.files.sync(segment.descriptor)
    if unsynced == 0 { head.wrote(header, synced: true) }
    return unsynced
  }
}
