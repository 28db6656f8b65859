import Store

/// What became of the items of a batch, per app, on its way into the flush. Every accepted item
/// ends in exactly one of these.
struct LedgerTally {
  /// The books' columns.
  enum Reason: String, CaseIterable {
    case accepted
    case stored
    case duplicate
    case unknownApp = "unknown-app"
    case damaged
    /// Items that one consumer could not take; they are also `stored`.
    case deadLetter = "dead-letter"
    /// Items that a transform hook left out.
    case dropped
  }

  /// What became of items since the start, for `/metrics`. The books in the store are exact; these
  /// count again what a failed commit made the pipeline count again.
  struct Counters: Sendable {
    fileprivate let columns = Reason.allCases.map { _ in Metrics.Counter() }
    /// Items that a transform hook could not take and that were counted as they came.
    let bypassed = Metrics.Counter()

    func register(in metrics: Metrics) {
      for (reason, column) in zip(Reason.allCases, columns) {
        metrics.counter(
          "tally_items_total", help: "What became of items that were taken from the journal",
          labels: "outcome=\"\(reason.rawValue)\""
        ) { column.count }
      }
      metrics.counter(
        "tally_transforms_bypassed_total", help: "Items a transform could not take"
      ) { [bypassed] in bypassed.count }
    }
  }

  private let counters: Counters
  private var counts: [UInt32: [Int]] = [:]
  private var app: UInt32 = 0
  private var row = [Int](repeating: 0, count: Reason.allCases.count)

  init(_ counters: Counters) {
    self.counters = counters
  }

  /// Forgets what a batch that is counted again had added.
  mutating func begin() {
    counts.removeAll(keepingCapacity: true)
    for column in row.indices { row[column] = 0 }
  }

  /// Adds one item.
  mutating func add(_ reason: Reason, app: UInt32, items: Int = 1) {
    if app != self.app { switchTo(app) }
    row[Self.column(reason)] += items
  }

  /// Hands everything to the working set and begins anew.
  mutating func write(to store: WorkingSet) {
    switchTo(0)
    for (app, row) in counts {
      for reason in Reason.allCases where row[Self.column(reason)] != 0 {
        counters.columns[Self.column(reason)].add(row[Self.column(reason)])
        store.ledger(app: app, reason: reason.rawValue, row[Self.column(reason)])
      }
    }
    counts.removeAll(keepingCapacity: true)
  }

  private mutating func switchTo(_ next: UInt32) {
    if row.contains(where: { $0 != 0 }) {
      counts[app] = zip(counts[app] ?? Array(repeating: 0, count: row.count), row).map(+)
    }
    row = counts[next] ?? Array(repeating: 0, count: row.count)
    counts[next] = nil
    app = next
  }

  private static func column(_ reason: Reason) -> Int {
    switch reason {
    case .accepted: 0
    case .stored: 1
    case .duplicate: 2
    case .unknownApp: 3
    case .damaged: 4
    case .deadLetter: 5
    case .dropped: 6
    }
  }
}
