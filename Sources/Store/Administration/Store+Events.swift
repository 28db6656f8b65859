import GRDB

extension Store {
  /// What management knows of an app's events; empty when it knows nothing.
  package func events(app: UInt32) throws(StoreError) -> String {
    try look { try Self.events(app: app, $0) }
  }

  /// Changes that, and keeps a line of the audit, both or neither; durable when this returns. Nil
  /// leaves it as it is.
  package func changeEvents(
    app: UInt32, audit line: AuditLine, _ change: (String) -> String?
  ) throws(StoreError) {
    try administer { db in
      guard let changed = change(try Self.events(app: app, db)) else { return }
      try db.execute(
        sql: "INSERT OR REPLACE INTO event_registry(app, body) VALUES(?, ?)",
        arguments: [app, changed])
      try line.insert(db, under: vault.auditKey)
    }
  }

  private static func events(app: UInt32, _ db: Database) throws -> String {
    try String.fetchOne(
      db, sql: "SELECT body FROM event_registry WHERE app = ?", arguments: [app]) ?? ""
  }
}
