/// One document of a collection.
package struct StoredDocument: Equatable, Sendable {
  package let key: String
  package let body: [UInt8]
}

/// One row of a plugin's table.
package struct StoredRow: Equatable, Sendable {
  package let key: String
  package let user: UInt64
  package let receivedMs: Int64
  package let payload: [UInt8]
}

extension Snapshot {
  /// One document of a collection; nil when there is none.
  package func document(
    plugin: Int, app: UInt32, collection: String, key: String
  ) throws -> [UInt8]? {
    var found: [UInt8]?
    let sql =
      "SELECT body FROM document WHERE plugin = ? AND app = ? AND collection = ? AND key = ?"
    let arguments: [ReadStatement.Argument] = [
      .integer(Int64(plugin)), .integer(Int64(app)), .text(collection), .text(key),
    ]
    try ReadStatement(transaction, sql).forEach(arguments) { found = $0.bytes(0) }
    return found
  }

  /// All documents of a collection, by key.
  package func documents(
    plugin: Int, app: UInt32, collection: String
  ) throws -> [StoredDocument] {
    var found: [StoredDocument] = []
    let sql = """
      SELECT key, body FROM document WHERE plugin = ? AND app = ? AND collection = ? ORDER BY key
      """
    let arguments: [ReadStatement.Argument] = [
      .integer(Int64(plugin)), .integer(Int64(app)), .text(collection),
    ]
    try ReadStatement(transaction, sql).forEach(arguments) {
      found.append(StoredDocument(key: $0.text(0), body: $0.bytes(1)))
    }
    return found
  }

  /// The newest rows of a plugin's table, newest first; an empty key means all keys.
  package func rows(
    plugin: Int, app: UInt32, table: String, key: String = "", limit: Int
  ) throws -> [StoredRow] {
    var found: [StoredRow] = []
    var arguments: [ReadStatement.Argument] = [
      .integer(Int64(plugin)), .integer(Int64(app)), .text(table),
    ]
    if !key.isEmpty { arguments.append(.text(key)) }
    arguments.append(.integer(Int64(max(0, limit))))
    try ReadStatement(transaction, Self.rowsSQL(hasKey: !key.isEmpty)).forEach(arguments) {
      found.append(
        StoredRow(
          key: $0.text(0), user: UInt64(bitPattern: $0.integer(1)), receivedMs: $0.integer(2),
          payload: $0.bytes(3)))
    }
    return found
  }

  static func rowsSQL(hasKey: Bool) -> String {
    """
    SELECT key, uid, received_ms, payload FROM plugin_row
    WHERE plugin = ? AND app = ? AND name = ?\(hasKey ? " AND key = ?" : "")
    ORDER BY id DESC LIMIT ?
    """
  }

  /// A plugin's cell of a user, or of the one that goes on for it; nil when there is none.
  package func cell(plugin: Int, app: UInt32, user: UInt64) throws -> [UInt8]? {
    guard app <= CellKey.appMax, user <= CellKey.userMax else { return nil }
    return try ownCell(plugin: plugin, app: app, user: successor(app: app, user: user))
  }

  /// A plugin's cell of the very user.
  package func ownCell(plugin: Int, app: UInt32, user: UInt64) throws -> [UInt8]? {
    guard app <= CellKey.appMax, user <= CellKey.userMax else { return nil }
    return try transaction.reading { _ in
      try committedCell(CellKey(app: app, user: user, plugin: plugin))
    }
  }
}
