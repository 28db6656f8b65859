import GRDB

/// What may be changed about an app; nil: it stays.
package struct AppChange: Equatable, Sendable {
  package var name: String?
  package var country: String?
  package var salt: String?
  package var redirectURL: String?
  package var isPaused: Bool?
  package var isLocked: Bool?

  package init() {}
}

extension Store {
  /// Changes an app and keeps lines of the audit about it, all or none; durable when this returns.
  /// Nil when there is no such app.
  package func updateApp(
    hex: String, _ change: AppChange, audit lines: (App) -> [AuditLine]
  ) throws(StoreError) -> App? {
    try administer { db in
      guard
        let app = try Row.fetchOne(db, sql: "SELECT * FROM app WHERE hex = ?", arguments: [hex])
          .map(App.init)
      else { return nil }
      try db.execute(
        sql: """
          UPDATE app SET name = ?, country = ?, salt = ?, redirect_url = ?, paused = ?, locked = ?
          WHERE id = ?
          """,
        arguments: [
          change.name ?? app.name, change.country ?? app.country, change.salt ?? app.salt,
          change.redirectURL ?? app.redirectURL, change.isPaused ?? app.isPaused,
          change.isLocked ?? app.isLocked, app.number,
        ])
      for line in lines(app) { try line.insert(db) }
      return try Row.fetchOne(db, sql: "SELECT * FROM app WHERE id = ?", arguments: [app.number])
        .map(App.init)
    }
  }
}
