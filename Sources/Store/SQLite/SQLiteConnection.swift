import GRDBSQLite

/// One raw connection to a database file, for the paths where the query library costs more than the
/// query. Used by one thread at a time.
final class SQLiteConnection {
  enum Mode {
    case readOnly
    /// Makes the file when it is not there.
    case readWrite
  }

  /// How long a statement waits for a lock of another connection.
  static let busyTimeoutMs: Int32 = 5_000

  let path: String
  let handle: OpaquePointer

  init(path: String, mode: Mode) throws(StoreError) {
    self.path = path
    var opened: OpaquePointer?
    let flags =
      mode == .readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    let code = sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX, nil)
    guard code == SQLITE_OK, let opened else {
      let failure = StoreError(sqlite: code, handle: opened, file: path)
      sqlite3_close_v2(opened)
      throw failure
    }
    handle = opened
    sqlite3_busy_timeout(handle, Self.busyTimeoutMs)
  }

  deinit {
    sqlite3_close_v2(handle)
  }

  /// Runs statements that answer nothing.
  func execute(_ sql: String) throws(StoreError) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw StoreError(sqlite: code, handle: handle, file: path) }
  }

  func prepare(_ sql: String) throws(StoreError) -> SQLiteStatement {
    try SQLiteStatement(handle: handle, path: path, sql: sql)
  }

  /// The first column of the first row of a query, or nil when there is no row or it is null.
  func integer(_ sql: String) throws(StoreError) -> Int64? {
    let statement = try prepare(sql)
    guard try statement.step(), !statement.isNull(0) else { return nil }
    return statement.integer(0)
  }

  func text(_ sql: String) throws(StoreError) -> String? {
    let statement = try prepare(sql)
    guard try statement.step(), !statement.isNull(0) else { return nil }
    return statement.text(0)
  }

  /// Runs `body` in one transaction that holds the write lock from its beginning.
  func transaction(_ body: () throws -> Void) throws {
    try execute("BEGIN IMMEDIATE")
    do {
      try body()
      try execute("COMMIT")
    } catch {
      // SQLite has rolled back by itself after some failures; a second rollback then says so, which
      // is no news.
      try? execute("ROLLBACK")
      throw error
    }
  }
}
