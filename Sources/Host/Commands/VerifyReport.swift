import Journal
import Store

/// What `tally verify` found, in words and as JSON.
struct VerifyReport: Codable, Equatable, CustomStringConvertible {
  /// The journal's segments taken together.
  struct Log: Codable, Equatable {
    let segments: Int
    let groups: Int
    let entries: Int
    let firstPosition: UInt64?
    let lastPosition: UInt64?
  }

  /// The store's files taken together.
  struct Database: Codable, Equatable {
    let position: UInt64
    /// Rows by what they are.
    let rows: [String: Int]
    /// Items by what became of them, all apps together.
    let items: [String: Int64]
    /// Positions of plugins.
    let consumers: [String: UInt64]
  }

  let journal: Log
  let store: Database
  /// Accepted requests that the next start will count.
  let pending: UInt64
  /// What is no fault, but worth knowing.
  let notes: [String]
  /// What was lost or is broken.
  let damages: [String]

  var isSound: Bool { damages.isEmpty }

  init(
    _ report: JournalReport, store counts: StoreCounts, position: UInt64, problems: [String]
  ) {
    journal = Log(
      segments: report.segments.count, groups: report.groups, entries: report.entries,
      firstPosition: report.firstPosition, lastPosition: report.lastPosition)
    store = Database(counts, position: position)
    let end = report.lastPosition ?? 0
    pending = end > position ? end - position : 0
    notes =
      report.tails.map {
        "\($0.file): \($0.bytes) bytes at \($0.offset) were never answered as kept; "
          + "the next start cuts them"
      }
      + report.gaps.filter { $0.reason == .unused }.map {
        "positions \(Self.text($0.positions)) were never used"
      }
    damages =
      report.damages.map(Self.text)
      + report.gaps.filter { $0.reason == .lost }.map {
        "the requests of positions \(Self.text($0.positions)) are lost"
      }
      + problems.map { "store: \($0)" } + Self.unbalanced(counts.ledger)
  }

  var description: String {
    let range = journal.firstPosition.map { "\($0) to \(journal.lastPosition ?? $0)" } ?? "none"
    let lines = [
      "journal: segments \(journal.segments), groups \(journal.groups), "
        + "entries \(journal.entries), positions \(range)",
      "store: position \(store.position), " + Self.list(store.rows),
      "items: " + Self.list(store.items),
      "consumers: " + Self.list(store.consumers),
      "pending: \(pending)",
    ]
    let verdict = isSound ? "sound" : "damaged: copy the folder before you start the server on it"
    return (lines + notes.map { "note: " + $0 } + damages.map { "damage: " + $0 } + [verdict])
      .joined(separator: "\n")
  }

  /// Every accepted item ends in exactly one of the other lines; a dead letter is also stored.
  private static func unbalanced(_ ledger: [StoreCounts.LedgerLine]) -> [String] {
    Ledger.all(ledger).filter { $0.value.accepted != $0.value.settled }
      .sorted { $0.key < $1.key }
      .map { app, books in
        "app \(app): \(books.accepted) items were accepted, \(books.settled) are accounted for"
      }
  }

  private static func list(_ values: [String: some BinaryInteger]) -> String {
    let pairs = values.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return pairs.isEmpty ? "none" : pairs.joined(separator: ", ")
  }

  private static func text(_ damage: JournalReport.Damage) -> String {
    let lost = damage.positions.map { "positions \(text($0)) are lost" } ?? "no request is lost"
    return "\(damage.file): \(damage.bytes) bytes at \(damage.offset) are not what was written; "
      + lost
  }

  private static func text(_ positions: ClosedRange<UInt64>) -> String {
    positions.count == 1
      ? "\(positions.lowerBound)" : "\(positions.lowerBound) to \(positions.upperBound)"
  }
}

extension VerifyReport.Database {
  fileprivate init(_ counts: StoreCounts, position: UInt64) {
    self.position = position
    rows = [
      "users": counts.users, "series": counts.series, "counters": counts.counters,
      "raw rows": counts.rawRows, "dead letters": counts.deadLetters,
    ]
    items = Dictionary(counts.ledger.map { ($0.reason, $0.items) }, uniquingKeysWith: +)
    consumers = Dictionary(
      counts.consumers.filter { !$0.plugin.isEmpty }.map { ($0.plugin, $0.position) },
      uniquingKeysWith: max)
  }
}
