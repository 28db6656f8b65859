import Journal
import Store
import Synchronization

/// The account of everything accepted: what is committed out of the books of the store, what waits
/// out of the journal itself. Any thread.
final class LedgerDesk: Sendable {
  /// How often the journal is trimmed under a look at it before that look is given up.
  static let attemptsMax = 8

  /// What the journal was found to hold, so that no part of it is read twice.
  private struct Appended {
    /// Items up to here are in `items`.
    var through: UInt64 = 0
    /// Every item ever accepted, by app.
    var items: [UInt32: Int64] = [:]
  }

  private let store: Store
  private let journal: Journal
  private let appended = Mutex(Appended())

  init(store: Store, journal: Journal) {
    self.store = store
    self.journal = journal
  }

  /// The account at one moment. Apps that nobody knows any more share one line.
  func report(appIDs: [UInt32: String]) throws -> LedgerReport {
    for _ in 0..<Self.attemptsMax {
      if let report = try attempt(appIDs) { return report }
    }
    throw CommandError(.system, "the journal moves too fast to be looked at; ask again")
  }

  /// nil when the journal was trimmed under it.
  private func attempt(_ appIDs: [UInt32: String]) throws -> LedgerReport? {
    try appended.withLock { appended in
      let (position, books) = try store.read { try $0.ledgers() }
      let end = max(position, journal.durablePosition)
      var next = appended
      if next.through < position {
        next = Appended(through: position, items: books.mapValues(\.accepted))
      }
      let isWhole = try journal.look(from: next.through + 1, through: end) { _, entry in
        RequestRecord.eachItem(of: entry) { next.items[$0, default: 0] += 1 }
      }
      guard isWhole else { return nil }
      next.through = max(end, next.through)
      appended = next
      return LedgerReport(
        journalPosition: next.through, storePosition: position,
        apps: Self.lines(books, appended: next.items, appIDs))
    }
  }

  private static func lines(
    _ books: [UInt32: Ledger], appended: [UInt32: Int64], _ appIDs: [UInt32: String]
  ) -> [LedgerReport.Line] {
    var lines: [String: LedgerReport.Line] = [:]
    for app in Set(books.keys).union(appended.keys) {
      let id = appIDs[app] ?? ""
      let book = books[app] ?? Ledger()
      var line = LedgerReport.Line(appID: id, accepted: appended[app] ?? 0)
      line.stored = book.stored
      line.rejected = book.rejected
      line.pending = line.accepted - book.accepted
      line.deadLetters = book.deadLetters
      line.movedTimes = book.movedTimes.isEmpty ? nil : book.movedTimes
      lines[id, default: LedgerReport.Line(appID: id)].add(line)
    }
    return lines.values.sorted { $0.appID < $1.appID }
  }
}
