import Synchronization

/// Months of documents as they were written. Of the months of a year mostly one has changed since
/// somebody asked; the others are copied.
final class MonthCache: Sendable {
  static let bytesMax = 16 << 20

  /// What a month's text depends on, besides its counters and the definition of its metric.
  struct Document: Hashable, Sendable {
    let app: UInt32
    let metric: String
    let subjects: [String]
    let dimension: String?
    let value: String?
    let isUnescaped: Bool
  }

  struct Month: Sendable {
    /// The number of commits that it was made of, or of more.
    let version: UInt64
    /// Its name and object; nothing when nothing was counted.
    let json: [UInt8]
    /// What the year sums: slots, and each one's measures.
    let slots: [DocumentSource.SlotID]
    let sums: [Int64]

    fileprivate var bytes: Int {
      json.count + sums.count * 8 + slots.count * MemoryLayout<DocumentSource.SlotID>.stride
    }
  }

  private struct Entry {
    let metric: MetricDefinition
    var months: [Int32: Month] = [:]
    var bytes = 0
    /// When it was last asked for.
    var turn: UInt64 = 0
  }

  private struct State {
    var entries: [Document: Entry] = [:]
    var bytes = 0
    var turn: UInt64 = 0
  }

  private let state = Mutex(State())

  /// The months that are kept and still what a reader at `version` sees.
  func months(
    _ months: [Int32], of document: Document, _ metric: MetricDefinition, version: UInt64,
    _ commits: CommitCounter
  ) -> [Int32: Month] {
    let kept = state.withLock { state -> [Int32: Month] in
      guard state.entries[document]?.metric == metric else { return [:] }
      state.turn += 1
      state.entries[document]?.turn = state.turn
      return state.entries[document]?.months ?? [:]
    }
    if kept.isEmpty { return [:] }
    var found: [Int32: Month] = [:]
    for (month, changed) in zip(months, commits.lastChanges(of: months)) {
      if let made = kept[month], changed <= min(made.version, version) { found[month] = made }
    }
    return found
  }

  func keep(_ months: [Int32: Month], of document: Document, _ metric: MetricDefinition) {
    guard !months.isEmpty else { return }
    state.withLock { state in
      if state.entries[document]?.metric != metric { Self.remove(document, &state) }
      var entry = state.entries[document] ?? Entry(metric: metric)
      let bytes = entry.bytes
      for (number, month) in months where month.version >= entry.months[number]?.version ?? 0 {
        entry.bytes += month.bytes - (entry.months[number]?.bytes ?? 0)
        entry.months[number] = month
      }
      state.turn += 1
      entry.turn = state.turn
      state.bytes += entry.bytes - bytes
      state.entries[document] = entry
      while state.bytes > Self.bytesMax, let oldest = Self.oldest(state) {
        Self.remove(oldest, &state)
      }
    }
  }

  var bytes: Int { state.withLock(\.bytes) }

  private static func oldest(_ state: State) -> Document? {
    state.entries.min { $0.value.turn < $1.value.turn }?.key
  }

  private static func remove(_ document: Document, _ state: inout State) {
    state.bytes -= state.entries.removeValue(forKey: document)?.bytes ?? 0
  }
}
