import GRDB

/// Positions of plugins, and beginning again.
extension Store {
  /// The committed position of a plugin; nil when it never had one.
  package func storedPosition(ofPlugin plugin: Int) throws(StoreError) -> UInt64? {
    let position = try look {
      try Int64.fetchOne(
        $0, sql: "SELECT position FROM consumer WHERE plugin = ?", arguments: [plugin])
    }
    return position.map(UInt64.init)
  }

  /// Sets where a plugin goes on. `forgetting` drops everything it has counted: series and counters,
  /// cells, documents, rows and dead letters. Nothing of a working set may be uncommitted, and every
  /// working set is reset afterwards.
  package func restart(
    plugin name: String, after position: UInt64, forgetting: Bool
  ) throws(StoreError) {
    let plugin = try pluginNumber(name)
    if forgetting { try settleCellLog() }
    try administer { db in
      if forgetting { try Self.forget(plugin, name, db) }
      try db.execute(
        sql: "INSERT OR REPLACE INTO consumer(plugin, position) VALUES(?, ?)",
        arguments: [plugin, Int64(position)])
    }
  }

  /// The last position before the first item that was received at or after a time; the committed
  /// position when there is none.
  package func position(beforeReceivedMs ms: Int64) throws -> UInt64 {
    let reader = RawReader(self)
    let end = committedPosition
    var key = RawKey(rawValue: 0)
    while true {
      let items = try reader.items(after: key, through: end, bytesMax: Self.searchBytes)
      if let found = items.first(where: { $0.receivedMs >= ms }) {
        return found.key.position - 1
      }
      guard let last = items.last?.key else { return end }
      key = last
    }
  }

  private static let searchBytes = 1 << 20

  private static func forget(_ plugin: Int, _ name: String, _ db: Database) throws {
    // A dot ends the plugin's name; the character behind it is a slash.
    let metrics: StatementArguments = [name + ".", name + "/"]
    let series = "SELECT id FROM series WHERE metric >= ? AND metric < ?"
    try db.execute(sql: "DELETE FROM counter WHERE series IN (\(series))", arguments: metrics)
    try db.execute(
      sql: "DELETE FROM series_year WHERE metric >= ? AND metric < ?", arguments: metrics)
    try db.execute(sql: "DELETE FROM series WHERE metric >= ? AND metric < ?", arguments: metrics)
    try db.execute(
      sql: "DELETE FROM cell WHERE id & \(CellKey.pluginMax) = ?", arguments: [plugin])
    for table in ["document", "plugin_row", "dead_letter"] {
      try db.execute(sql: "DELETE FROM \(table) WHERE plugin = ?", arguments: [plugin])
    }
  }
}
