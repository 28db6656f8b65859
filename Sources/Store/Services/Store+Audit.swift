import GRDB

/// What somebody did, for ever. What the host itself keeps names the plugin it is about.
package struct AuditLine: Equatable, Sendable {
  package let atMs: Int64
  package let plugin: String
  /// Empty: the plugin by itself.
  package let member: String
  package let app: UInt32
  package let action: String
  package let detail: String

  package init(
    atMs: Int64, plugin: String, member: String, app: UInt32, action: String, detail: String
  ) {
    self.atMs = atMs
    self.plugin = plugin
    self.member = member
    self.app = app
    self.action = action
    self.detail = detail
  }
}

extension AuditLine {
  func insert(_ db: Database) throws {
    try db.execute(
      sql: "INSERT INTO audit(at_ms,plugin,member,app,action,detail) VALUES(?,?,?,?,?,?)",
      arguments: [atMs, plugin, member, app, action, detail])
  }
}

extension Store {
  /// Keeps a line; durable when this returns.
  package func audit(_ line: AuditLine) throws(StoreError) { try audit([line]) }

  /// Keeps lines, all or none; durable when this returns.
  package func audit(_ lines: [AuditLine]) throws(StoreError) {
    guard !lines.isEmpty else { return }
    try administer { db in
      for line in lines { try line.insert(db) }
    }
  }

  /// The newest lines, newest first.
  package func auditLines(limit: Int) throws(StoreError) -> [AuditLine] {
    try look { db in
      let sql = "SELECT * FROM audit ORDER BY id DESC LIMIT ?"
      return try Row.fetchAll(db, sql: sql, arguments: [limit]).map {
        AuditLine(
          atMs: $0["at_ms"], plugin: $0["plugin"], member: $0["member"], app: $0["app"],
          action: $0["action"], detail: $0["detail"])
      }
    }
  }
}
