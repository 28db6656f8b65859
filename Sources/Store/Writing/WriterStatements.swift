/// The statements of a commit, prepared once.
final class WriterStatements {
  let user: SQLiteStatement
  let merge: SQLiteStatement
  let cell: SQLiteStatement
  let cellLog: SQLiteStatement
  let sweptLog: SQLiteStatement
  let series: SQLiteStatement
  let seriesYear: SQLiteStatement
  let document: SQLiteStatement
  let row: SQLiteStatement
  let prune: SQLiteStatement
  let deadLetter: SQLiteStatement
  let settledLetter: SQLiteStatement
  let bulkHash: SQLiteStatement
  let oldBulkHash: SQLiteStatement
  let ledger: SQLiteStatement
  let sketch: SQLiteStatement
  let knownSketch: SQLiteStatement
  let advance: SQLiteStatement
  let outboxRow: SQLiteStatement
  let settledRow: SQLiteStatement
  let lastFlush: SQLiteStatement
  let writtenFlush: SQLiteStatement

  private var counters: [CounterShape: SQLiteStatement] = [:]
  private let handle: OpaquePointer
  private let path: String

  init(_ handle: OpaquePointer, path: String) throws(StoreError) {
    self.handle = handle
    self.path = path
    func prepare(_ sql: String) throws(StoreError) -> SQLiteStatement {
      try SQLiteStatement(handle: handle, path: path, sql: sql)
    }
    // One who is known already was hidden, or is from now on.
    user = try prepare(
      """
      INSERT INTO user(app,uid,device,created_ms) VALUES(?,?,?,?)
      ON CONFLICT(app,uid) DO UPDATE SET created_ms=excluded.created_ms
      """)
    merge = try prepare(
      "INSERT OR REPLACE INTO merged_user(app,uid,into_uid,item,merged_ms) VALUES(?,?,?,?,?)")
    cell = try prepare("INSERT OR REPLACE INTO cell(id,data,seen) VALUES(?,?,?)")
    cellLog = try prepare("INSERT OR REPLACE INTO cell_log(flush,first,body) VALUES(?,?,?)")
    // The oldest first, or an older cell would come to light; a few at a time, because freeing
    // pages takes its time.
    sweptLog = try prepare(
      """
      DELETE FROM cell_log WHERE flush IN (
        SELECT DISTINCT flush FROM cell_log WHERE flush<? ORDER BY flush LIMIT 3)
      """)
    series = try prepare(
      "INSERT INTO series(id,app,metric,subject,dimension,value) VALUES(?,?,?,?,?,?)")
    seriesYear = try prepare(
      """
      INSERT OR IGNORE INTO series_year(app,metric,subject,dimension,year,series)
      VALUES(?,?,?,?,?,?)
      """)
    document = try prepare("INSERT OR REPLACE INTO document VALUES(?,?,?,?,?)")
    row = try prepare(
      "INSERT INTO plugin_row(plugin,app,name,key,uid,received_ms,payload) VALUES(?,?,?,?,?,?,?)")
    prune = try prepare(
      """
      DELETE FROM plugin_row WHERE plugin=?1 AND app=?2 AND name=?3 AND key=?4 AND id <= (
        SELECT id FROM plugin_row WHERE plugin=?1 AND app=?2 AND name=?3 AND key=?4
        ORDER BY id DESC LIMIT 1 OFFSET ?5)
      """)
    deadLetter = try prepare(
      """
      INSERT INTO dead_letter(plugin,position,item,app,reason,received_ms,body,step)
      VALUES(?,?,?,?,?,?,?,?)
      """)
    settledLetter = try prepare("DELETE FROM dead_letter WHERE id=?")
    bulkHash = try prepare("INSERT OR REPLACE INTO bulk_hash VALUES(?,?,?,?)")
    oldBulkHash = try prepare("DELETE FROM bulk_hash WHERE app=? AND slot<=?")
    ledger = try prepare(
      "INSERT INTO ledger VALUES(?,?,?) ON CONFLICT DO UPDATE SET items=items+excluded.items")
    sketch = try prepare("INSERT OR REPLACE INTO sketch(series,day,body) VALUES(?,?,?)")
    knownSketch = try prepare("SELECT body FROM sketch WHERE series=? AND day=?")
    advance = try prepare(
      """
      INSERT INTO consumer VALUES(?,?)
      ON CONFLICT DO UPDATE SET position=max(position, excluded.position)
      """)
    outboxRow = try prepare("INSERT OR IGNORE INTO outbox VALUES(?,?,?,?,?,?,?,?,?)")
    settledRow = try prepare(
      "DELETE FROM outbox WHERE position=? AND item=? AND plugin=? AND place=?")
    lastFlush = try prepare("SELECT run, generation FROM flush")
    writtenFlush = try prepare("INSERT OR REPLACE INTO flush(id,run,generation) VALUES(0,?,?)")
  }

  /// A statement for what comes too rarely to be kept.
  func prepare(_ sql: String) throws(StoreError) -> SQLiteStatement {
    try SQLiteStatement(handle: handle, path: path, sql: sql)
  }

  /// The statement that adds counters of a shape.
  func counter(_ shape: CounterShape) throws(StoreError) -> SQLiteStatement {
    if let known = counters[shape] { return known }
    let made = try SQLiteStatement(handle: handle, path: path, sql: shape.sql)
    counters[shape] = made
    return made
  }
}
