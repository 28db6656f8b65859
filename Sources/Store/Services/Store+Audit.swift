import Foundation
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
  /// Where it came from; empty when that is not known.
  package let address: String

  package init(
    atMs: Int64, plugin: String, member: String, app: UInt32, action: String, detail: String,
    address: String = ""
  ) {
    self.atMs = atMs
    self.plugin = Self.whole(plugin)
    self.member = Self.whole(member)
    self.app = app
    self.action = Self.whole(action)
    self.detail = Self.whole(detail)
    self.address = Self.whole(address)
  }

  /// A zero byte would end the text in the database, and what is kept would not be what the chain
  /// was made of.
  private static func whole(_ text: String) -> String {
    text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
  }
}

/// A line as it is kept.
package struct KeptAuditLine: Equatable, Sendable {
  /// From 1, without gaps.
  package let id: Int64
  package let line: AuditLine
}

extension AuditLine {
  init(_ row: Row) {
    self.init(
      atMs: row["at_ms"], plugin: row["plugin"], member: row["member"], app: row["app"],
      action: row["action"], detail: row["detail"], address: row["address"] ?? "")
  }

  /// Adds the line to the chain.
  func insert(_ db: Database, under key: [UInt8]) throws {
    let chain = try AuditChain(db).adding(self, under: key)
    try db.execute(
      sql: """
        INSERT INTO audit(id,at_ms,plugin,member,app,action,detail,address,chain)
        VALUES(?,?,?,?,?,?,?,?,?)
        """,
      arguments: [
        chain.id, atMs, plugin, member, app, action, detail, address, Data(chain.hash),
      ])
    try chain.keep(db)
  }
}

extension Store {
  /// Keeps a line; durable when this returns.
  package func audit(_ line: AuditLine) throws(StoreError) { try audit([line]) }

  /// Keeps lines, all or none; durable when this returns.
  package func audit(_ lines: [AuditLine]) throws(StoreError) {
    guard !lines.isEmpty else { return }
    try administer { db in
      for line in lines { try line.insert(db, under: vault.auditKey) }
    }
  }

  /// The newest lines, newest first.
  package func auditLines(limit: Int) throws(StoreError) -> [AuditLine] {
    try auditLines(from: .min, to: .max, limit: limit).map(\.line)
  }

  /// The newest lines of a range of moments, newest first.
  package func auditLines(
    from startMs: Int64, to endMs: Int64, limit: Int
  ) throws(StoreError) -> [KeptAuditLine] {
    try look { db in
      let sql = "SELECT * FROM audit WHERE at_ms >= ? AND at_ms < ? ORDER BY id DESC LIMIT ?"
      return try Row.fetchAll(db, sql: sql, arguments: [startMs, endMs, limit]).map {
        KeptAuditLine(id: $0["id"], line: AuditLine($0))
      }
    }
  }

  /// How many lines there are.
  package func auditCount() throws(StoreError) -> Int {
    try look { try Int.fetchOne($0, sql: "SELECT count(*) FROM audit") ?? 0 }
  }
}
