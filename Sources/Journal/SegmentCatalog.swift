import Synchronization

/// What can be read: the segments there are and how far each is durable. The writer adds, readers
/// follow, trimming takes away.
final class SegmentCatalog: @unchecked Sendable {
  struct Record: Equatable {
    let sequence: UInt64
    /// The last position in it.
    var lastPosition: UInt64
    /// Readable up to here.
    var end: Int
    /// Ranges that are not entries: damage found when the journal was opened.
    var holes: [Range<Int>] = []
  }

  let monitor = Monitor()
  let directory: String
  private let durable: Atomic<UInt64>
  /// Under the monitor, as all below.
  private var records: [Record]
  private var trimmedThrough: UInt64 = 0
  private var trimmed: UInt64 = 0
  private var waiting = 0

  init(directory: String, records: [Record], durablePosition: UInt64) {
    self.directory = directory
    self.records = records
    durable = Atomic(durablePosition)
  }

  /// The last position that is as durable as it will be; any thread, no lock.
  var durablePosition: UInt64 { durable.load(ordering: .acquiring) }

  // MARK: The writer

  /// The segment is readable up to `end`; wakes readers that wait.
  func publish(sequence: UInt64, end: Int, lastPosition: UInt64) {
    monitor.lock()
    if let last = records.indices.last, records[last].sequence == sequence {
      records[last].end = end
      records[last].lastPosition = lastPosition
    } else {
      records.append(Record(sequence: sequence, lastPosition: lastPosition, end: end))
    }
    durable.store(max(lastPosition, durable.load(ordering: .relaxed)), ordering: .releasing)
    let wakes = waiting > 0
    monitor.unlock()
    if wakes { monitor.broadcast() }
  }

  // MARK: Trimming

  /// Takes out the segments that hold nothing beyond `position`, never the one in use.
  func removeTrimmed(through position: UInt64) -> [UInt64] {
    monitor.withLock {
      trimmedThrough = max(trimmedThrough, position)
      let removed = records.dropLast().prefix { $0.lastPosition <= position }
      let sequences = removed.map(\.sequence)
      records.removeFirst(sequences.count)
      trimmed += UInt64(sequences.count)
      return sequences
    }
  }

  var trimmedCount: UInt64 { monitor.withLock { trimmed } }

  // MARK: Readers, under the monitor

  /// Whether nothing at or behind `position` was trimmed.
  func isReadable(_ position: UInt64) -> Bool { position > trimmedThrough }

  func requireReadable(_ position: UInt64) {
    precondition(
      isReadable(position), "position \(position) is behind the trimmed \(trimmedThrough)")
  }

  /// The first segment that holds `position` or something later.
  func record(holding position: UInt64) -> Record? {
    records.first { $0.lastPosition >= position }
  }

  func record(_ sequence: UInt64) -> Record? { records.first { $0.sequence == sequence } }

  func record(after sequence: UInt64) -> Record? { records.first { $0.sequence > sequence } }

  var lastRecord: Record? { records.last }

  /// False when the deadline passed.
  func wait(until deadline: Monitor.Deadline) -> Bool {
    waiting += 1
    defer { waiting -= 1 }
    return monitor.wait(until: deadline)
  }
}
