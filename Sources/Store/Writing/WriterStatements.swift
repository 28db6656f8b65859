/// The fixed statements of a commit, and the writing of what comes rarely.
final class WriterStatements {
  let user: SQLiteStatement
  let cell: SQLiteStatement
  let series: SQLiteStatement
  let seriesYear: SQLiteStatement
  private let document: SQLiteStatement
  private let row: SQLiteStatement
  private let prune: SQLiteStatement
  private let deadLetter: SQLiteStatement
  private let bulkHash: SQLiteStatement
  private let oldBulkHash: SQLiteStatement
  private let ledger: SQLiteStatement
  private let advance: SQLiteStatement
  private let position: SQLiteStatement

  init(_ handle: OpaquePointer, path: String) throws(StoreError) {
    func prepare(_ sql: String) throws(StoreError) -> SQLiteStatement {
      try SQLiteStatement(handle: handle, path: path, sql: sql)
    }
    user = try prepare("INSERT INTO user(app,uid,device,created_ms) VALUES(?,?,?,?)")
    cell = try prepare("INSERT OR REPLACE INTO cell(id,data,seen) VALUES(?,?,?)")
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
      INSERT INTO dead_letter(plugin,position,item,app,reason,received_ms,body)
      VALUES(?,?,?,?,?,?,?)
      """)
    bulkHash = try prepare("INSERT OR REPLACE INTO bulk_hash VALUES(?,?,?,?)")
    oldBulkHash = try prepare("DELETE FROM bulk_hash WHERE app=? AND slot<=?")
    ledger = try prepare(
      "INSERT INTO ledger VALUES(?,?,?) ON CONFLICT DO UPDATE SET items=items+excluded.items")
    advance = try prepare(
      """
      INSERT INTO consumer VALUES(?,?)
      ON CONFLICT DO UPDATE SET position=max(position, excluded.position)
      """)
    position = try prepare("SELECT position FROM consumer WHERE plugin=?")
  }

  func position(of plugin: Int) throws(StoreError) -> UInt64? {
    position.bind(1, Int64(plugin))
    defer { position.reset() }
    return try position.step() ? UInt64(position.integer(0)) : nil
  }

  func write(positions: [Flush.Position]) throws(StoreError) {
    for line in positions {
      advance.bind(1, Int64(line.plugin))
      advance.bind(2, Int64(line.position))
      try advance.run()
    }
  }

  func write(documents: [Flush.Document]) throws(StoreError) {
    for line in documents {
      document.bind(1, Int64(line.plugin))
      document.bind(2, Int64(line.app))
      try line.body.withBytes { (body) throws(StoreError) in
        document.bind(5, blob: body)
        try document.run(texts: line.collection, line.key, at: 3)
      }
    }
  }

  /// Appends rows; of a capped table's key only the newest stay.
  func write(rows: [Flush.PluginRow]) throws(StoreError) {
    var capped: Set<CappedKey> = []
    for line in rows {
      bind(row, line.plugin, line.app, line.table)
      row.bind(5, Int64(line.uid))
      row.bind(6, line.receivedMs)
      try line.key.withBytes { (key) throws(StoreError) in
        row.bind(4, text: key)
        try row.run(blob: line.payload, at: 7)
      }
      guard line.rowsPerKey > 0 else { continue }
      capped.insert(
        CappedKey(
          plugin: line.plugin, app: line.app, table: line.table, key: line.key,
          rowsPerKey: line.rowsPerKey))
    }
    for line in capped {
      bind(prune, line.plugin, line.app, line.table)
      prune.bind(5, Int64(line.rowsPerKey))
      try prune.run(text: line.key, at: 4)
    }
  }

  func write(deadLetters: [Flush.DeadLetter]) throws(StoreError) {
    for line in deadLetters {
      deadLetter.bind(1, Int64(line.plugin))
      deadLetter.bind(2, Int64(line.position))
      deadLetter.bind(3, Int64(line.item))
      deadLetter.bind(4, Int64(line.app))
      deadLetter.bind(5, copy: line.reason)
      deadLetter.bind(6, line.receivedMs)
      try deadLetter.run(blob: line.body, at: 7)
    }
  }

  func write(bulkHashes: [Flush.BulkHash]) throws(StoreError) {
    for line in bulkHashes {
      bulkHash.bind(1, Int64(line.app))
      bulkHash.bind(2, line.slot)
      bulkHash.bind(3, Int64(bitPattern: line.hash))
      bulkHash.bind(4, line.receivedSeconds)
      try bulkHash.run()
      oldBulkHash.bind(1, Int64(line.app))
      oldBulkHash.bind(2, line.slot - Int64(BulkHashes.hashesMax))
      try oldBulkHash.run()
    }
  }

  func write(ledger lines: [LedgerKey: Int64]) throws(StoreError) {
    for (key, items) in lines {
      ledger.bind(1, Int64(key.app))
      ledger.bind(2, copy: key.reason)
      ledger.bind(3, items)
      try ledger.run()
    }
  }

  private struct CappedKey: Hashable {
    let plugin: Int
    let app: UInt32
    let table: String
    let key: [UInt8]
    let rowsPerKey: Int
  }

  private func bind(
    _ statement: SQLiteStatement, _ plugin: Int, _ app: UInt32, _ table: String
  ) {
    statement.bind(1, Int64(plugin))
    statement.bind(2, Int64(app))
    statement.bind(3, copy: table)
  }
}
