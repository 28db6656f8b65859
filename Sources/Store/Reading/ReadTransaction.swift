import Foundation
import GRDB
import GRDBSQLite

/// One view of everything committed. It is read by one thread, and may be ended from another when it
/// has been open for too long: then its pages no longer hold up the write-ahead log, and whoever
/// goes on reading is told so.
final class ReadTransaction: @unchecked Sendable {
  private enum State {
    case open
    /// Ended before its reader was done.
    case cut
    case finished
  }

  let database: Database
  let caches: ReadCaches
  let shelf: StatementShelf
  /// The commits that were counted before the view was taken; it may show more.
  private(set) var version: UInt64 = 0
  private let connection: OpaquePointer
  /// Held by whoever uses the connection. A query asks others while it is stepped, hence recursive.
  private let use = NSRecursiveLock()
  /// Guards `state` and nothing that takes time.
  private let lock = NSLock()
  private var state = State.open

  init(_ database: Database, _ caches: ReadCaches) throws {
    guard let connection = database.sqliteConnection else {
      throw StoreError(
        .failed, "the store was read after it was closed; read inside Store.read only")
    }
    self.database = database
    self.connection = connection
    self.caches = caches
    shelf = caches.shelf(of: connection)
  }

  /// Fixes the view, with the first query.
  func begin() throws(StoreError) {
    version = caches.commits.value
    let code = sqlite3_exec(connection, "BEGIN", nil, nil, nil)
    guard code == SQLITE_OK else {
      throw StoreError(sqlite: code, handle: connection, file: Self.file)
    }
  }

  /// Calls `body` with the connection, which nobody else uses meanwhile.
  func reading<T>(_ body: (OpaquePointer) throws -> T) throws -> T {
    use.lock()
    defer { use.unlock() }
    try check()
    do { return try body(connection) } catch {
      try check()
      throw error
    }
  }

  /// Lets go of what belongs to the connection.
  func release(_ body: () -> Void) {
    use.lock()
    defer { use.unlock() }
    body()
  }

  /// The reader is done.
  func finish() {
    lock.withLock { state = .finished }
    use.withLock { end() }
  }

  /// Ends the view under a reader that is not done: a query that runs is interrupted. False when the
  /// reader was done already.
  func cut() -> Bool {
    let isOpen = lock.withLock {
      guard state == .open else { return false }
      state = .cut
      // The connection may be about another reader's question once the state says finished.
      sqlite3_interrupt(connection)
      return true
    }
    guard isOpen else { return false }
    use.withLock {
      if lock.withLock({ state == .cut }) { end() }
    }
    return true
  }

  private func end() {
    guard sqlite3_get_autocommit(connection) == 0 else { return }
    sqlite3_exec(connection, "ROLLBACK", nil, nil, nil)
  }

  private func check() throws(StoreError) {
    guard lock.withLock({ state == .cut }) else { return }
    throw StoreError(
      .cut, "a question read the store for too long and was ended; ask about less at once")
  }

  /// As errors name it.
  static let file = "tally.db"
}
