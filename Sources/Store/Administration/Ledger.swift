import GRDB

/// What became of the items of one app, as the books have it: every item that was counted was
/// stored or rejected for a reason.
package struct Ledger: Equatable, Sendable {
  /// The reasons under which items are kept. Every other one is a rejection, but for those of the
  /// store itself, which begin with `limitPrefix` and count names instead of items, and those of
  /// clients' times that had to be moved, which begin with `timePrefix`.
  package static let acceptedReason = "accepted"
  package static let storedReason = "stored"
  /// A consumer could not take the item; it is stored all the same.
  package static let deadLetterReason = "dead-letter"
  /// The item was stored, and went with all data of its app.
  package static let clearedReason = "cleared"
  package static let limitPrefix = "limit:"
  package static let timePrefix = "time:"

  package private(set) var accepted: Int64 = 0
  package private(set) var stored: Int64 = 0
  /// By reason.
  package private(set) var rejected: [String: Int64] = [:]
  package private(set) var deadLetters: Int64 = 0
  /// Of those that were stored.
  package private(set) var cleared: Int64 = 0
  /// Times of items and events, by where they lay: "future", "past", "nowhere".
  package private(set) var movedTimes: [String: Int64] = [:]

  package init() {}

  /// Enters a line of the books.
  package mutating func add(_ reason: String, _ items: Int64) {
    switch reason {
    case Self.acceptedReason: accepted += items
    case Self.storedReason: stored += items
    case Self.deadLetterReason: deadLetters += items
    case Self.clearedReason: cleared += items
    case _ where reason.hasPrefix(Self.limitPrefix): break
    case _ where reason.hasPrefix(Self.timePrefix):
      movedTimes[String(reason.dropFirst(Self.timePrefix.count)), default: 0] += items
    default: rejected[reason, default: 0] += items
    }
  }

  /// Items that are accounted for.
  package var settled: Int64 { stored + rejected.values.reduce(0, +) }

  /// Each app's books out of their lines.
  package static func all(_ lines: [StoreCounts.LedgerLine]) -> [UInt32: Ledger] {
    var ledgers: [UInt32: Ledger] = [:]
    for line in lines { ledgers[line.app, default: Ledger()].add(line.reason, line.items) }
    return ledgers
  }
}

extension Snapshot {
  /// The books of every app, and the position up to which they go.
  package func ledgers() throws -> (position: UInt64, apps: [UInt32: Ledger]) {
    try transaction.reading { _ in
      (try Store.position(of: 0, database), Ledger.all(try StoreCounts.ledger(database)))
    }
  }
}
