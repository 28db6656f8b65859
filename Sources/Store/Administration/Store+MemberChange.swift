import Foundation
import GRDB

/// What may be changed about a member; nil: it stays.
package struct MemberChange: Equatable, Sendable {
  package var username: String?
  package var fullName: String?
  package var email: String?
  /// With `passwordChangedMs` it is another password, else the same one hashed anew.
  package var passwordHash: String?
  package var passwordChangedMs: Int64?
  package var lastLoginMs: Int64?
  /// Whoever is logged in has to do it again; links to choose a password are void.
  package var endsSessions = false
  /// The session that goes on all the same: the hash of its token.
  package var sessionKept: String?
  /// Another api key is drawn; the old one is nobody's.
  package var renewsKey = false
  package var isGlobalAdmin: Bool?
  package var permission: String?
  package var isLocked: Bool?
  package var language: String?
  package var settings: String?

  package init() {}
}

extension Member {
  /// Usernames and e-mail addresses name one member each.
  static func refuseTaken(
    _ username: String?, _ email: String?, by own: String?, _ db: Database
  ) throws {
    let taken = try String.fetchOne(
      db,
      sql: """
        SELECT username FROM member
        WHERE (username = ?1 OR (?2 <> '' AND email = ?2)) AND id IS NOT ?3
        """, arguments: [username, email, own])
    if let taken {
      throw StoreError(
        .taken,
        "there is a member \(taken) already; choose another username and e-mail address")
    }
  }
}

extension Store {
  /// Changes a member and keeps lines of the audit about it, all or none; durable when this
  /// returns. Nil when there is no such member.
  package func updateMember(
    id: String, _ change: MemberChange, audit lines: (Member) -> [AuditLine]
  ) throws(StoreError) -> Member? {
    try administer { db in
      guard let member = try self.member(id, db) else { return nil }
      try Member.refuseTaken(change.username, change.email, by: id, db)
      try db.execute(
        sql: """
          UPDATE member SET username = ?, full_name = ?, email = ?, password_hash = ?,
            password_changed_ms = ?, last_login_ms = ?, global_admin = ?, permission = ?,
            locked = ?, lang = ?, settings = ?
          WHERE id = ?
          """,
        arguments: [
          change.username ?? member.username, change.fullName ?? member.fullName,
          change.email ?? member.email, change.passwordHash ?? member.passwordHash,
          change.passwordChangedMs ?? member.passwordChangedMs,
          change.lastLoginMs ?? member.lastLoginMs,
          change.isGlobalAdmin ?? member.isGlobalAdmin, change.permission ?? member.permission,
          change.isLocked ?? member.isLocked, change.language ?? member.language,
          change.settings ?? member.settings, id,
        ])
      if change.renewsKey { try renewKey(of: id, db) }
      if change.passwordHash != nil, change.passwordChangedMs != nil,
        let before = member.passwordHash
      {
        try Self.remember(password: before, of: id, db)
      }
      if change.endsSessions {
        try db.execute(
          sql: """
            DELETE FROM token
            WHERE owner = ? AND (purpose = ? OR kind <> ?) AND hash IS NOT ?
            """,
          arguments: [
            id, AccessToken.sessionPurpose, AccessToken.Kind.program.rawValue, change.sessionKept,
          ])
      }
      if member.isGlobalAdmin { try Self.keepAnAdmin(db) }
      for line in lines(member) { try line.insert(db, under: vault.auditKey) }
      return try self.member(id, db)
    }
  }

  private func renewKey(of id: String, _ db: Database) throws {
    var generator = SystemRandomNumberGenerator()
    let key = Identifier.hex(bytes: Member.keyBytes, using: &generator)
    try db.execute(
      sql: "UPDATE member SET api_key = ?, api_key_sealed = ? WHERE id = ?",
      arguments: [vault.hash(key), Data(vault.seal(key, of: id)), id])
  }

  /// Deletes members, of whom those that are gone already are passed over, and keeps a line of the
  /// audit about each, all or none; durable when this returns.
  package func deleteMembers(
    _ ids: [String], audit line: (Member) -> AuditLine
  ) throws(StoreError) -> [Member] {
    try administer { db in
      let members = try ids.compactMap { try member($0, db) }
      for member in members {
        try db.execute(sql: "DELETE FROM member WHERE id = ?", arguments: [member.id])
        try db.execute(sql: "DELETE FROM password_before WHERE member = ?", arguments: [member.id])
        try db.execute(sql: "DELETE FROM note WHERE owner = ?", arguments: [member.id])
        try db.execute(sql: "DELETE FROM token WHERE owner = ?", arguments: [member.id])
        try line(member).insert(db, under: vault.auditKey)
      }
      if members.contains(where: \.isGlobalAdmin) { try Self.keepAnAdmin(db) }
      return members
    }
  }

  /// Hashes of a member's newest passwords, today's first.
  package func passwordHashes(of id: String, newest count: Int) throws(StoreError) -> [String] {
    try look { db in
      let today = try String.fetchAll(
        db, sql: "SELECT password_hash FROM member WHERE id = ? AND password_hash IS NOT NULL",
        arguments: [id])
      let before = try String.fetchAll(
        db, sql: "SELECT hash FROM password_before WHERE member = ? ORDER BY id DESC",
        arguments: [id])
      return Array((today + before).prefix(count))
    }
  }

  /// Passwords of before that are remembered of one member.
  package static let passwordsBeforeMax = 24

  private static func remember(
    password hash: String, of id: String, _ db: Database
  ) throws {
    try db.execute(
      sql: "INSERT INTO password_before(member, hash) VALUES(?, ?)", arguments: [id, hash])
    try db.execute(
      sql: """
        DELETE FROM password_before WHERE id IN (
          SELECT id FROM password_before WHERE member = ? ORDER BY id DESC LIMIT -1 OFFSET ?)
        """, arguments: [id, passwordsBeforeMax])
  }

  /// Somebody must be able to undo what was done.
  private static func keepAnAdmin(_ db: Database) throws {
    let admin = try Bool.fetchOne(
      db, sql: "SELECT 1 FROM member WHERE global_admin AND NOT locked")
    guard admin != nil else {
      throw StoreError(.invalid, "there must be a global administrator who is not locked")
    }
  }

  private func member(_ id: String, _ db: Database) throws -> Member? {
    try Row.fetchOne(db, sql: "SELECT * FROM member WHERE id = ?", arguments: [id])
      .map { try Member($0, self) }
  }
}
