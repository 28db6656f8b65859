import GRDB

extension Store {
  /// Puts all cells of the log into their place and empties it. After a crash this works off what
  /// no sweep has reached.
  func settleCellLog() throws(StoreError) {
    let flush = try look { try Int64.fetchOne($0, sql: "SELECT flush FROM cell_log LIMIT 1") }
    if flush == nil { return }
    try administer { db in
      guard let handle = db.sqliteConnection else { return }
      let log = try SQLiteStatement(
        handle: handle, path: path, sql: "SELECT body FROM cell_log ORDER BY flush, first")
      let cell = try SQLiteStatement(
        handle: handle, path: path, sql: "INSERT OR REPLACE INTO cell(id,data,seen) VALUES(?,?,?)")
      while try log.step() {
        try CellLog.forEach(log.bytes(0)) { (key, data, seen) throws(StoreError) in
          cell.bind(1, key.rawValue)
          cell.bind(2, orNull: data)
          cell.bind(3, orNull: seen)
          try cell.run()
        }
      }
      try db.execute(sql: "DELETE FROM cell_log")
    }
  }
}
