/// Between the threads that append and the writer: while one group is on its way to disk the next
/// gathers here. One wake per group, and only when the writer sleeps.
final class GroupQueue: @unchecked Sendable {
  enum Admission {
    case open
    case broken
    case closed
  }

  /// Longer entries are copied outside the lock, into a group of their own.
  static let inlineBytesMax = 256 << 10
  /// Emptied buffers that are kept for the next groups.
  static let spareBuffersMax = 2

  private let monitor = Monitor()
  private let bytesMax: Int
  private let groupBytesMax: Int
  private var gathering = GroupBuffer()
  /// Groups that are full, oldest first.
  private var ready: [GroupBuffer] = []
  private var spare: [GroupBuffer] = []
  private var admission = Admission.open
  private var writerSleeps = false
  private var queuedBytes = 0
  private var refusals = JournalStatistics()

  init(bytesMax: Int, groupBytesMax: Int) {
    self.bytesMax = bytesMax
    self.groupBytesMax = groupBytesMax
  }

  // MARK: Any thread

  func append(
    _ entry: UnsafeRawBufferPointer, checksum: UInt32, sink: Int, token: UInt64, wakes: Bool
  ) -> JournalAppend {
    let size = EntryFrame.size + entry.count
    monitor.lock()
    let answer = admit(size)
    guard answer == .queued else {
      refusals.refused(answer)
      monitor.unlock()
      return answer
    }
    queuedBytes += size
    if size > Self.inlineBytesMax {
      monitor.unlock()
      return appendAlone(entry, checksum: checksum, sink: sink, token: token)
    }
    if gathering.bodyBytes + size > groupBytesMax { closeGathering() }
    gathering.append(
      entry, checksum: checksum, sink: sink, token: token,
      growLimit: GroupHeader.size + groupBytesMax)
    if wakes { unlockAndWake() } else { monitor.unlock() }
    return .queued
  }

  /// Wakes the writer for what was appended without waking it.
  func wake() {
    monitor.lock()
    unlockAndWake()
  }

  /// What an append of `size` bytes would be told now.
  func admission(of size: Int) -> JournalAppend { monitor.withLock { admit(size) } }

  /// Counts a refusal that was decided outside.
  func count(refusal: JournalAppend) { monitor.withLock { refusals.refused(refusal) } }

  /// Adds what is known here: refusals and the bytes that wait.
  func complete(_ statistics: inout JournalStatistics) {
    monitor.withLock {
      statistics.refusedFull = refusals.refusedFull
      statistics.refusedDiskReserve = refusals.refusedDiskReserve
      statistics.refusedBroken = refusals.refusedBroken
      statistics.refusedTooLarge = refusals.refusedTooLarge
      statistics.queueBytes = queuedBytes
    }
  }

  /// Nothing more is taken; what is queued still goes to disk.
  func close() {
    monitor.withLock {
      admission = .closed
      writerSleeps = false
      monitor.broadcast()
    }
  }

  // MARK: The writer's thread

  /// Gives back the group that was dealt with and waits for the next one; nil when closed and
  /// empty.
  func next(after finished: GroupBuffer?) -> GroupBuffer? {
    monitor.lock()
    defer { monitor.unlock() }
    if let finished { recycle(finished) }
    while true {
      if !ready.isEmpty { return ready.removeFirst() }
      if !gathering.isEmpty {
        defer { gathering = spare.popLast() ?? GroupBuffer() }
        return gathering
      }
      if admission == .closed { return nil }
      writerSleeps = true
      monitor.wait()
    }
  }

  /// The disk failed: nothing is taken until `mend`. Answers what was queued, which can no longer
  /// be kept.
  func breakOff() -> [GroupBuffer] {
    monitor.withLock {
      if admission == .open { admission = .broken }
      if !gathering.isEmpty { closeGathering() }
      defer { ready.removeAll() }
      return ready
    }
  }

  /// The groups that `breakOff` handed out are answered.
  func discard(_ groups: [GroupBuffer]) {
    monitor.withLock { for group in groups { recycle(group) } }
  }

  /// The disk is back.
  func mend() {
    monitor.withLock { if admission == .broken { admission = .open } }
  }

  /// Waits, unless the journal is closed meanwhile; false when it was.
  func pause(_ duration: Duration) -> Bool {
    monitor.withLock {
      let deadline = Monitor.Deadline(after: duration)
      while admission != .closed, monitor.wait(until: deadline) {}
      return admission != .closed
    }
  }

  // MARK: Under the lock

  private func admit(_ size: Int) -> JournalAppend {
    if admission != .open { return .broken }
    return queuedBytes + size > bytesMax ? .full : .queued
  }

  private func closeGathering() {
    guard !gathering.isEmpty else { return }
    ready.append(gathering)
    gathering = spare.popLast() ?? GroupBuffer()
  }

  private func recycle(_ group: GroupBuffer) {
    queuedBytes -= group.bodyBytes
    guard spare.count < Self.spareBuffersMax,
      group.bytes.count <= GroupHeader.size + groupBytesMax
    else { return }
    group.reuse()
    spare.append(group)
  }

  private func unlockAndWake() {
    let wakes = writerSleeps
    writerSleeps = false
    monitor.unlock()
    if wakes { monitor.signal() }
  }

  /// A long entry: its bytes are counted already, the copy needs no lock.
  private func appendAlone(
    _ entry: UnsafeRawBufferPointer, checksum: UInt32, sink: Int, token: UInt64
  ) -> JournalAppend {
    let size = EntryFrame.size + entry.count
    let group = GroupBuffer(capacity: GroupHeader.size + size)
    group.append(entry, checksum: checksum, sink: sink, token: token, growLimit: 0)
    monitor.lock()
    guard admission == .open else {
      queuedBytes -= size
      refusals.refused(.broken)
      monitor.unlock()
      return .broken
    }
    // What this thread appended before stays before it.
    closeGathering()
    ready.append(group)
    unlockAndWake()
    return .queued
  }
}
