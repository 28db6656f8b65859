import GRDB
import Synchronization

/// Counts the commits of the main file, whoever makes them: what was read under one number is still
/// there as long as the number is.
final class CommitCounter: TransactionObserver, Sendable {
  private let count = Atomic<UInt64>(0)

  var value: UInt64 { count.load(ordering: .acquiring) }

  func databaseDidCommit(_ db: Database) { count.wrappingAdd(1, ordering: .releasing) }

  func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
  func databaseDidChange(with event: DatabaseEvent) {}
  func databaseDidRollback(_ db: Database) {}
}

extension Store {
  /// Grows with every commit. Read before a snapshot is taken, it is never newer than what the
  /// snapshot shows.
  package var dataVersion: UInt64 { commits.value }
}
