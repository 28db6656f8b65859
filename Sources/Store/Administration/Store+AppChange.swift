import GRDB

/// What may be changed about an app; nil: it stays.
package struct AppChange: Equatable, Sendable {
  package var name: String?
  package var timezone: String?
  package var country: String?
  package var category: String?
  package var type: String?
  package var salt: String?
  package var redirectURL: String?
  package var isPaused: Bool?
  package var isLocked: Bool?
  /// Becomes the current key; the one of before stays good.
  package var key: String?
  /// Keys that are good no longer. The current one stays, whatever is said here.
  package var removedKeys: [String] = []
  package var extra: String?
  package var plugins: String?
  /// A PNG.
  package var icon: [UInt8]?
  package var editedMs: Int64?

  package init() {}
}

extension App {
  /// Keeps a key as one of an app, unless it is one already. A key is one app's alone, also when it
  /// is no longer the current one.
  static func take(key: String, app: UInt32, _ db: Database) throws {
    let owner = try UInt32.fetchOne(
      db, sql: "SELECT app FROM app_key WHERE key = ?", arguments: [key])
    guard owner == nil || owner == app else {
      throw StoreError(.taken, "another app has that key")
    }
    guard owner == nil else { return }
    try db.execute(sql: "INSERT INTO app_key(key, app) VALUES(?, ?)", arguments: [key, app])
  }
}

extension Store {
  /// Changes an app and keeps lines of the audit about it, all or none; durable when this returns.
  /// Nil when there is no such app.
  package func updateApp(
    hex: String, _ change: (App) -> AppChange,
    audit lines: (_ before: App, _ after: App) -> [AuditLine]
  ) throws(StoreError) -> App? {
    try administer { db in
      guard let app = try App.all(where: "hex = ?", [hex], db).first else { return nil }
      let change = change(app)
      if let key = change.key { try App.take(key: key, app: app.number, db) }
      try Self.write(change, to: app, db)
      if let icon = change.icon { try App.keep(icon: icon, app: app.number, db) }
      for key in change.removedKeys {
        try db.execute(
          sql: """
            DELETE FROM app_key WHERE app = ?1 AND key = ?2
              AND key <> (SELECT key FROM app WHERE id = ?1)
            """, arguments: [app.number, key])
      }
      let changed = try App.all(where: "hex = ?", [hex], db).first
      for line in changed.map({ lines(app, $0) }) ?? [] {
        try line.insert(db, under: vault.auditKey)
      }
      return changed
    }
  }

  private static func write(_ change: AppChange, to app: App, _ db: Database) throws {
    try db.execute(
      sql: """
        UPDATE app SET name = ?, timezone = ?, country = ?, category = ?, type = ?, salt = ?,
          redirect_url = ?, paused = ?, locked = ?, key = ?, extra = ?, plugins = ?, edited_ms = ?
        WHERE id = ?
        """,
      arguments: [
        change.name ?? app.name, change.timezone ?? app.timezone, change.country ?? app.country,
        change.category ?? app.category, change.type ?? app.type, change.salt ?? app.salt,
        change.redirectURL ?? app.redirectURL, change.isPaused ?? app.isPaused,
        change.isLocked ?? app.isLocked, change.key ?? app.key, change.extra ?? app.extra,
        change.plugins ?? app.plugins, change.editedMs ?? app.editedMs, app.number,
      ])
  }

  /// Keeps when something was received last under keys. What is stored already is never moved back.
  package func noteLastData(_ keys: [String: Int64]) throws(StoreError) {
    guard !keys.isEmpty else { return }
    try administer { db in
      for (key, ms) in keys {
        try db.execute(
          sql: "UPDATE app_key SET last_data_ms = max(last_data_ms, ?) WHERE key = ?",
          arguments: [ms, key])
      }
    }
  }
}
