import GRDB

extension Store {
  /// The number of a plugin, given on first use and never changed; 0 is the host itself.
  package func pluginNumber(_ name: String) throws(StoreError) -> Int {
    do {
      return try pool.write { db in
        let sql = "SELECT id FROM plugin WHERE name = ?"
        if let known = try Int.fetchOne(db, sql: sql, arguments: [name]) { return known }
        let next = try (Int.fetchOne(db, sql: "SELECT max(id) FROM plugin") ?? 0) + 1
        guard next <= CellKey.pluginMax else {
          throw StoreError(
            .invalid, "the store has \(next - 1) plugins, the most it can tell apart")
        }
        try db.execute(sql: "INSERT INTO plugin(id, name) VALUES(?, ?)", arguments: [next, name])
        return next
      }
    } catch {
      throw StoreError(error, file: path)
    }
  }

  /// The number of a plugin; nil when the store never met it.
  package func knownPluginNumber(_ name: String) throws(StoreError) -> Int? {
    do {
      return try pool.read {
        try Int.fetchOne($0, sql: "SELECT id FROM plugin WHERE name = ?", arguments: [name])
      }
    } catch {
      throw StoreError(error, file: path)
    }
  }
}
