import GRDB

/// Apps that go, and marks that management leaves in the store.
extension Store {
  /// Tables that keep what they know of an app that is gone: every accepted item stays in the books,
  /// what was done stays in the audit, and what is on its way is refused where it arrives.
  private static let keptTables: Set<String> = ["ledger", "audit", "outbox"]

  /// Removes apps with everything the main file has of them; raw items go with `remove`. Nothing of
  /// a working set may be uncommitted, and every working set is reset afterwards.
  package func removeApps(_ numbers: [UInt32]) throws(StoreError) {
    try settleCellLog()
    try administer { db in
      let tables = try String.fetchAll(
        db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
      for number in numbers {
        try db.execute(
          sql: "DELETE FROM counter WHERE series IN (SELECT id FROM series WHERE app = ?)",
          arguments: [number])
        let first = CellKey(app: number, user: 0, plugin: 0).rawValue
        let last = CellKey(app: number, user: CellKey.userMax, plugin: CellKey.pluginMax).rawValue
        try db.execute(
          sql: "DELETE FROM cell WHERE id BETWEEN ? AND ?", arguments: [first, last])
        for table in tables where !Self.keptTables.contains(table) {
          guard try db.columns(in: table).contains(where: { $0.name == "app" }) else { continue }
          try db.execute(sql: "DELETE FROM \(table) WHERE app = ?", arguments: [number])
        }
        try db.execute(sql: "DELETE FROM app WHERE id = ?", arguments: [number])
      }
      try KeyValues.countAgain(db)
    }
  }

  /// Sets or takes away a mark.
  package func setMark(_ key: String, _ value: String?) throws(StoreError) {
    try administer { db in
      guard let value else {
        return try db.execute(sql: "DELETE FROM meta WHERE key = ?", arguments: [key])
      }
      try db.execute(
        sql: "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)", arguments: [key, value])
    }
  }

  package func mark(_ key: String) throws(StoreError) -> String? {
    try look {
      try String.fetchOne($0, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
    }
  }
}
