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

  /// The position behind which items were received at a time or later; the committed position when
  /// there are none. Clocks that stepped back are not looked for.
  package func position(beforeReceivedMs ms: Int64) throws -> UInt64 {
    let reader = RawReader(self)
    let end = committedPosition
    var (first, last) = (UInt64(0), end)
    while first < last {
      let middle = first + (last - first) / 2
      let key = RawKey(position: middle, item: RawKey.itemMax)
      let next = try reader.items(after: key, through: end, bytesMax: 1).first
      if let next, next.receivedMs < ms { first = next.key.position } else { last = middle }
    }
    return first
  }

  private static func forget(_ plugin: Int, _ name: String, _ db: Database) throws {
    // A dot ends the plugin's name; the character behind it is a slash.
    let metrics: StatementArguments = [name + ".", name + "/"]
    let series = "SELECT id FROM series WHERE metric >= ? AND metric < ?"
    try db.execute(sql: "DELETE FROM counter WHERE series IN (\(series))", arguments: metrics)
    try db.execute(sql: "DELETE FROM sketch WHERE series IN (\(series))", arguments: metrics)
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
