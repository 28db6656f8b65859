import GRDBSQLite
import Synchronization

/// Keeps the write-ahead log of one connection bounded. Pages are moved between commits, by the
/// writer, in a way that waits for nobody. A reader that looks at an old state keeps the log from
/// starting over; when it has grown to a multiple of its limit, the writer waits a moment for
/// readers to come forward. Readers never wait.
final class Checkpoint {
  /// Multiples of the limit from which on the writer waits for readers.
  static let patience = 3
  static let waitMs: Int32 = 20

  private let handle: OpaquePointer
  private let path: String
  private let pagesMax: Int
  /// Pages in the log after the last commit; SQLite calls back with it, on the thread of whoever
  /// commits.
  private let pages = Atomic<Int>(0)

  init(_ handle: OpaquePointer, path: String, pagesMax: Int) {
    self.handle = handle
    self.path = path
    self.pagesMax = pagesMax
    sqlite3_wal_hook(
      handle,
      { context, _, _, pages in
        guard let context else { return SQLITE_OK }
        let checkpoint = Unmanaged<Checkpoint>.fromOpaque(context).takeUnretainedValue()
        checkpoint.pages.store(Int(pages), ordering: .relaxed)
        return SQLITE_OK
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  /// Ends the calls from the connection; must come before it is closed and before this is let go.
  func end() {
    sqlite3_wal_hook(handle, nil, nil)
  }

  var isDue: Bool { pages.load(ordering: .relaxed) >= pagesMax }

  /// Nobody has called `run` for a long time, or readers were in its way.
  var isOverdue: Bool {
    pages.load(ordering: .relaxed) >= pagesMax * Self.patience
  }

  /// Moves what readers allow.
  func run() throws(StoreError) {
    try run(isOverdue ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE)
  }

  /// Moves everything and empties the log, unless a reader is in the way.
  func finish() throws(StoreError) {
    try run(SQLITE_CHECKPOINT_TRUNCATE)
  }

  /// The same; false when a reader was in the way.
  func empty() throws(StoreError) -> Bool { try run(SQLITE_CHECKPOINT_TRUNCATE) }

  /// Whether nobody was in the way.
  @discardableResult
  private func run(_ mode: Int32) throws(StoreError) -> Bool {
    // Only a passive checkpoint waits for nobody.
    sqlite3_busy_timeout(handle, Self.waitMs)
    defer { sqlite3_busy_timeout(handle, SQLiteConnection.busyTimeoutMs) }
    var log: Int32 = 0
    var moved: Int32 = 0
    let code = sqlite3_wal_checkpoint_v2(handle, nil, mode, &log, &moved)
    guard code == SQLITE_OK || code == SQLITE_BUSY else {
      throw StoreError(sqlite: code, handle: handle, file: path)
    }
    // When everything was moved, the next commit starts the log over and tells its new length.
    pages.store(log == moved ? 0 : Int(log), ordering: .relaxed)
    return code == SQLITE_OK
  }
}
