import GRDB
import GRDBSQLite

/// The statements of a commit, prepared once on the writing connection. Unchecked, because the store's lock lets one
/// thread in at a time; what it holds belongs to the pool's connection, inside whose `write` it is used.
final class Writer: @unchecked Sendable {
  private let raw: RawFiles
  private let path: String
  private let handle: OpaquePointer
  private let statements: WriterStatements
  private var counters: [CounterShape: SQLiteStatement] = [:]
  private var checkpoint: Checkpoint
  /// A commit failed: the month files may hold rows the main file knows nothing of.
  private var rawMayBeAhead = false
  private(set) var committedPosition: UInt64

  init(_ db: Database, path: String, raw: RawFiles, tuning: StoreTuning) throws {
    guard let handle = db.sqliteConnection else {
      throw StoreError(.failed, "\(path) was closed; open the store again")
    }
    self.raw = raw
    self.path = path
    self.handle = handle
    statements = try WriterStatements(handle, path: path)
    checkpoint = Checkpoint(handle, path: path, pagesMax: tuning.walPagesMax)
    committedPosition = try Store.position(of: 0, db)
  }

  func commit(
    _ flush: Flush, pool: DatabasePool, faultPoint: ((StoreFault) throws -> Void)?
  ) throws {
    if checkpoint.isOverdue { try checkpointIfDue(pool: pool) }
    do {
      try faultPoint?(.beforeRaw)
      try writeRaw(flush)
      try faultPoint?(.betweenRawAndMain)
      try pool.write { db in
        try writeMain(flush, db)
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

  func checkpointIfDue(pool: DatabasePool) throws {
    try raw.checkpointIfDue()
    try pool.writeWithoutTransaction { _ in try checkpoint.runIfDue() }
  }

  private func writeRaw(_ flush: Flush) throws {
    if rawMayBeAhead {
      try raw.deleteInOpenFiles(beyond: committedPosition)
      rawMayBeAhead = false
    }
    // A flush that is committed already has its rows.
    guard flush.position > committedPosition else { return }
    try raw.write(flush.raw)
  }

  // MARK: The main transaction

  private func writeMain(_ flush: Flush, _ db: Database) throws {
    guard try advances(flush) else { return }
    try write(users: flush.users)
    try write(cells: flush.cells)
    try write(series: flush.series, metrics: flush.metrics)
    try write(years: flush.seriesYears, metrics: flush.metrics)
    try write(counters: flush.counters)
    try statements.write(documents: flush.documents)
    try statements.write(rows: flush.rows)
    try statements.write(deadLetters: flush.deadLetters)
    try statements.write(bulkHashes: flush.bulkHashes)
    try statements.write(ledger: flush.ledger)
    try statements.write(positions: flush.positions)
  }

  /// Whether the flush brings any consumer forward. One that does not was committed before, though its answer was
  /// lost: writing it again would count it twice.
  private func advances(_ flush: Flush) throws -> Bool {
    for position in flush.positions {
      let stored = try statements.position(of: position.plugin)
      if stored.map({ $0 < position.position }) ?? true { return true }
    }
    return false
  }

  private func write(users: [Flush.User]) throws(StoreError) {
    let statement = statements.user
    for user in users {
      statement.bind(1, Int64(user.app))
      statement.bind(2, Int64(user.uid))
      statement.bind(4, user.createdMs)
      try statement.run(blob: user.device, at: 3)
    }
  }

  private func write(cells: [Flush.Cell]) throws(StoreError) {
    let statement = statements.cell
    for cell in cells {
      statement.bind(1, cell.key.rawValue)
      try statement.run(cell: cell.data, cell.seen, at: 2)
    }
  }

  private func write(series: [Flush.Series], metrics: [String]) throws(StoreError) {
    let statement = statements.series
    for line in series {
      statement.bind(1, line.id)
      statement.bind(2, Int64(line.app))
      statement.bind(3, copy: metrics[line.metric])
      try statement.run(texts: line.subject, line.dimension, line.value, at: 4)
    }
  }

  private func write(years: [Flush.SeriesYear], metrics: [String]) throws(StoreError) {
    let statement = statements.seriesYear
    for line in years {
      statement.bind(1, Int64(line.series.app))
      statement.bind(2, copy: metrics[line.series.metric])
      statement.bind(5, Int64(line.year))
      statement.bind(6, line.series.id)
      try statement.run(texts: line.series.subject, line.series.dimension, at: 3)
    }
  }

  private func write(counters lines: CounterRows) throws(StoreError) {
    var prepared: [SQLiteStatement] = []
    for shape in lines.shapes { prepared.append(try statement(for: shape)) }
    for row in lines.rows {
      let statement = prepared[Int(row.shape)]
      statement.bind(1, row.key.series)
      statement.bind(2, row.key.grain)
      statement.bind(3, row.key.bucket)
      let start = Int(row.values)
      for place in lines.shapes[Int(row.shape)].kinds.indices {
        statement.bind(Int32(4 + place), lines.values[start + place])
      }
      try statement.run()
    }
  }

  private func statement(for shape: CounterShape) throws(StoreError) -> SQLiteStatement {
    if let known = counters[shape] { return known }
    let made = try SQLiteStatement(handle: handle, path: path, sql: shape.sql)
    counters[shape] = made
    return made
  }
}
