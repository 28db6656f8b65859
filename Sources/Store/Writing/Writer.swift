import GRDB

/// Commits flushes. Unchecked, because the store's lock lets one thread in at a time; its
/// statements belong to the pool's writing connection, inside whose `write` they are used.
final class Writer: @unchecked Sendable {
  private let raw: RawFiles
  private let path: String
  private let commits: CommitCounter
  /// Nil when the store is closed.
  private var statements: WriterStatements?
  private let checkpoint: Checkpoint
  /// A commit failed: the month files may hold rows the main file knows nothing of.
  private var rawMayBeAhead = false
  private(set) var committedPosition: UInt64

  init(
    _ db: Database, path: String, raw: RawFiles, commits: CommitCounter, tuning: StoreTuning
  ) throws {
    guard let handle = db.sqliteConnection else { throw Self.closed(path) }
    self.raw = raw
    self.path = path
    self.commits = commits
    statements = try WriterStatements(handle, path: path)
    checkpoint = Checkpoint(handle, path: path, pagesMax: tuning.walPagesMax)
    committedPosition = try Store.position(of: 0, db)
  }

  /// Raw rows first, in their own transactions; then everything else and the positions, in one.
  func commit(
    _ flush: Flush, pool: DatabasePool, faultPoint: ((StoreFault) throws -> Void)?
  ) throws {
    guard let statements else { throw Self.closed(path) }
    if checkpoint.isOverdue { try checkpointIfDue(pool: pool) }
    do {
      try faultPoint?(.beforeRaw)
      try writeRaw(flush)
      try faultPoint?(.betweenRawAndMain)
      let months = flush.counters.months
      try pool.write { _ in
        try statements.write(flush)
        commits.announce(months)
        try faultPoint?(.beforeMainCommit)
      }
      committedPosition = max(committedPosition, flush.position)
      try faultPoint?(.afterMain)
    } catch {
      rawMayBeAhead = true
      // Whether the transaction became durable is the file's to say.
      committedPosition = try pool.read { try Store.position(of: 0, $0) }
      throw error
    }
  }

  /// Calls `body` with the month files, between two commits.
  func removingRaw<T>(_ body: (RawFiles) throws -> T) throws -> T {
    guard statements != nil else { throw Self.closed(path) }
    return try body(raw)
  }

  func checkpointIfDue(pool: DatabasePool) throws {
    guard statements != nil else { throw Self.closed(path) }
    try raw.checkpointIfDue()
    if checkpoint.isDue { try pool.writeWithoutTransaction { _ in try checkpoint.run() } }
  }

  func rewriteRaw(_ path: String, _ block: Int64, without user: PendingErasure) throws {
    guard statements != nil else { throw Self.closed(self.path) }
    try raw.rewrite(path, block) { $0.app == user.app && $0.user == user.uid }
  }

  /// False when readers are in the way.
  func emptyLogs(pool: DatabasePool) throws -> Bool {
    guard statements != nil else { throw Self.closed(path) }
    let areRawEmpty = try raw.emptyLogs()
    return try pool.writeWithoutTransaction { _ in try checkpoint.empty() } && areRawEmpty
  }

  /// Empties the write-ahead log as far as readers allow, and lets go.
  func close(pool: DatabasePool) throws {
    guard statements != nil else { return }
    try pool.writeWithoutTransaction { _ in try checkpoint.finish() }
    letGo()
  }

  /// Lets go of everything that would keep the connection open.
  func letGo() {
    guard statements != nil else { return }
    statements = nil
    checkpoint.end()
    raw.close()
  }

  private func writeRaw(_ flush: Flush) throws {
    if rawMayBeAhead {
      try raw.deleteInOpenFiles(beyond: committedPosition)
      rawMayBeAhead = false
    }
    try raw.write(flush.raw)
  }

  private static func closed(_ path: String) -> StoreError {
    StoreError(.failed, "\(path) is closed; open the store again")
  }
}
