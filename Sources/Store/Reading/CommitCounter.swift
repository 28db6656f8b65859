import GRDB
import Synchronization

/// Counts the commits of the main file, whoever makes them: what was read under one number is still
/// there as long as the number is. It knows which commit was the last to change counters of a month,
/// so that what was made of older months stays right.
final class CommitCounter: TransactionObserver, Sendable {
  /// Months that are told apart; beyond, all count as changed.
  static let monthsMax = 2_400

  private struct Changes {
    /// By month (year * 100 + month), the commit that changed it last.
    var months: [Int32: UInt64] = [:]
    /// The last commit of which it is not known what it changes.
    var all: UInt64 = 0
    var isAnnounced = false
  }

  private let count = Atomic<UInt64>(0)
  private let changes = Mutex(Changes())

  var value: UInt64 { count.load(ordering: .acquiring) }

  /// The transaction that is open changes counters of these months only. Before its commit, so that
  /// nobody who sees it takes a month for unchanged.
  func announce(_ months: Set<Int32>) {
    let next = value + 1
    changes.withLock { changes in
      changes.isAnnounced = true
      for month in months { changes.months[month] = next }
      guard changes.months.count > Self.monthsMax else { return }
      (changes.months, changes.all) = ([:], next)
    }
  }

  /// By month, the last commit that may have changed it.
  func lastChanges(of months: [Int32]) -> [UInt64] {
    changes.withLock { changes in
      months.map { max(changes.all, changes.months[$0] ?? 0) }
    }
  }

  func databaseWillCommit() throws {
    let next = value + 1
    changes.withLock { changes in
      if !changes.isAnnounced { changes.all = next }
      changes.isAnnounced = false
    }
  }

  func databaseDidCommit(_ db: Database) { count.wrappingAdd(1, ordering: .releasing) }

  func databaseDidRollback(_ db: Database) {
    changes.withLock { $0.isAnnounced = false }
  }

  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
  func databaseDidChange(with event: DatabaseEvent) {}
}

extension Store {
  /// Grows with every commit. Read before a snapshot is taken, it is never newer than what the
  /// snapshot shows.
  package var dataVersion: UInt64 { caches.commits.value }
}
