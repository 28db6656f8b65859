import Foundation
import GRDB
import Synchronization

/// Everything that was counted and everything that is managed, in one folder: `tally.db` holds
/// state, counters and administration, `raw/YYYY-MM.db` the raw items by month of receipt. No SQL
/// stands outside this room.
///
/// Three ways lead in: `commit` (one writer thread), `workingSet` (what the next commit will say;
/// the pipeline's thread), and reads and administration (any thread).
package final class Store: Sendable {
  /// Readers that work at the same time; more wait for one to finish.
  static let readersMax = 8

  /// The folder that holds the files.
  package let directory: String
  /// Reads and administration. All writes of the main file go through its one writing connection.
  let pool: DatabasePool
  /// Finds and seals keys and tokens of members.
  package let vault: Vault
  let keyFile: String
  let reads: ReadWatch
  let caches = ReadCaches()
  private let writer: Writer
  /// Held for as long as a commit takes. Who has waited for a `Mutex` is not seen by sanitizers.
  private let writing = NSLock()
  private let position: Atomic<UInt64>
  /// Raw items that nobody reads any more, and that are still in the files.
  let hidden: Mutex<[AppRemoval]>

  /// Everything up to this journal position is committed.
  package var committedPosition: UInt64 { position.load(ordering: .acquiring) }

  /// The main file's path.
  package var path: String { Store.mainPath(directory) }
  var rawDirectory: String { Store.rawPath(directory) }

  /// Opens the store of a folder, making what is missing. Raw rows that were written for a commit
  /// which never became complete are deleted here, before anything is replayed.
  package static func open(
    directory: String, tuning: StoreTuning = StoreTuning()
  ) throws(StoreError) -> Store {
    do {
      return try Store(directory: directory, tuning: tuning)
    } catch {
      throw StoreError(error, file: mainPath(directory))
    }
  }

  private init(directory: String, tuning: StoreTuning) throws {
    self.directory = directory
    reads = ReadWatch(limit: tuning.readLimit)
    let path = Store.mainPath(directory)
    let rawDirectory = Store.rawPath(directory)
    try DatabaseFile.makeDirectory(directory)
    try DatabaseFile.makeDirectory(rawDirectory)
    pool = try Store.openMain(path: path, tuning: tuning)
    pool.add(transactionObserver: caches.commits, extent: .databaseLifetime)
    try DatabaseFile.syncDirectory(directory)
    keyFile = tuning.keyFile ?? "\(directory)/\(KeyFile.name)"
    vault = try Vault.open(pool, keyFile: keyFile)
    let raw = RawFiles(directory: rawDirectory, tuning: tuning)
    let commits = caches.commits
    writer = try pool.writeWithoutTransaction { db in
      try Writer(db, path: path, raw: raw, commits: commits, tuning: tuning)
    }
    let committed = try pool.read { try Store.position(of: 0, $0) }
    try raw.deleteAll(beyond: committed)
    position = Atomic(committed)
    hidden = Mutex(try pool.read(Self.pendingRemovals))
  }

  deinit {
    writer.letGo()
    caches.letGo()
  }

  /// Makes one flush durable: raw rows first, then everything else with the positions, in one
  /// transaction. Repeating a flush that is committed already changes nothing. After a failure
  /// nothing of the main file has changed; the working set must be reset, and the pipeline begins
  /// again behind `committedPosition`. Called by one thread.
  package func commit(
    _ flush: Flush, faultPoint: ((StoreFault) throws -> Void)? = nil
  ) throws(StoreError) {
    do {
      try writing.withLock {
        defer { position.store(writer.committedPosition, ordering: .releasing) }
        try writer.commit(flush, pool: pool, faultPoint: faultPoint)
      }
    } catch {
      throw StoreError(error, file: path)
    }
  }

  /// Calls `body` with the month files while nothing is committed.
  func removingRaw<T: Sendable>(_ body: (RawFiles) throws -> T) throws -> T {
    try writing.withLock { try writer.removingRaw(body) }
  }

  /// Moves committed pages from the write-ahead logs into the files, when enough have come
  /// together. The writer thread calls it behind a commit, when it has told of the commit; readers
  /// are never in the way and never wait.
  package func checkpointIfDue() throws(StoreError) {
    do {
      try writing.withLock { try writer.checkpointIfDue(pool: pool) }
    } catch {
      throw StoreError(error, file: path)
    }
  }

  /// Writes one block of raw items anew, between two commits.
  func rewriteRaw(_ path: String, _ block: Int64, without user: PendingErasure) throws {
    try writing.withLock { try writer.rewriteRaw(path, block, without: user) }
  }

  /// Empties the write-ahead logs, in which what was deleted can still be read, unless readers are
  /// in the way: then the answer is false, and nothing is lost by asking again.
  package func emptyLogs() throws(StoreError) -> Bool {
    do { return try writing.withLock { try writer.emptyLogs(pool: pool) } } catch {
      throw StoreError(error, file: path)
    }
  }

  /// What the store will say after the next commits; for the pipeline's thread.
  package func workingSet(
    limits: WorkingSetLimits = WorkingSetLimits()
  ) throws(StoreError) -> WorkingSet {
    try WorkingSet(store: self, limits: limits)
  }

  /// Closes all files; everything committed is safe. No other call may follow.
  package func close() throws(StoreError) {
    do {
      // The pool's last connection may only read, and would leave the log as it is.
      try writing.withLock { try writer.close(pool: pool) }
      caches.letGo()
      try pool.close()
    } catch {
      throw StoreError(error, file: path)
    }
  }

  /// The committed position of a consumer; 0 when it has none.
  package func position(ofPlugin plugin: Int) throws(StoreError) -> UInt64 {
    do { return try pool.read { try Store.position(of: plugin, $0) } } catch {
      throw StoreError(error, file: path)
    }
  }

  static func position(of plugin: Int, _ db: Database) throws -> UInt64 {
    let found = try Int64.fetchOne(
      db, sql: "SELECT position FROM consumer WHERE plugin = ?", arguments: [plugin])
    return UInt64(found ?? 0)
  }

  package static func mainPath(_ directory: String) -> String {
    (directory as NSString).appendingPathComponent("tally.db")
  }

  static func rawPath(_ directory: String) -> String {
    (directory as NSString).appendingPathComponent("raw")
  }

  private static func openMain(path: String, tuning: StoreTuning) throws -> DatabasePool {
    // Made and checked by hand first: the query library would take any file, and page sizes are for
    // ever.
    let first = try DatabaseFile.open(
      path: path, applicationID: Schema.applicationID, pageBytes: tuning.pageBytes,
      walPagesKept: tuning.walPagesMax)
    var configuration = Configuration()
    configuration.label = "store"
    configuration.busyMode = .timeout(Double(SQLiteConnection.busyTimeoutMs) / 1_000)
    configuration.maximumReaderCount = readersMax
    let pool = try DatabasePool(path: path, configuration: configuration)
    withExtendedLifetime(first) {}
    let migrator = Schema.migrator
    guard try !pool.read(migrator.hasBeenSuperseded) else {
      throw StoreError(
        .newer, "\(path) was written by a newer version of Tally; install that version again")
    }
    try migrator.migrate(pool)
    try pool.writeWithoutTransaction { db in
      // The query library relaxes this when it opens a file.
      try db.execute(
        sql: """
          PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;
          PRAGMA journal_size_limit=\(tuning.pageBytes * tuning.walPagesMax);
          PRAGMA cache_size=-\(tuning.writerCacheKiB)
          """)
    }
    return pool
  }
}

/// Where a commit can be interrupted on purpose.
package enum StoreFault: Sendable, CaseIterable {
  case beforeRaw
  case betweenRawAndMain
  /// Everything is written, the main transaction is about to commit.
  case beforeMainCommit
  case afterMain
}
