import Foundation
import GRDB

/// What a member is made of, beside what the store gives them.
package struct NewMember: Sendable {
  package var username: String
  package var fullName: String
  package var email: String
  /// As it shall be stored; nil for an account without a password.
  package var passwordHash: String?
  package var isGlobalAdmin: Bool
  package var permission: String
  package var language: String

  package init(
    username: String, fullName: String = "", email: String = "", passwordHash: String? = nil,
    isGlobalAdmin: Bool = false, permission: String = "", language: String = ""
  ) {
    self.username = username
    self.fullName = fullName
    self.email = email
    self.passwordHash = passwordHash
    self.isGlobalAdmin = isGlobalAdmin
    self.permission = permission
    self.language = language
  }
}

/// A member whose names are drawn, and who is not in the store yet.
struct MemberDraft {
  private let new: NewMember
  private let nowMs: Int64
  private let id: String
  private let apiKey: String

  init(
    _ new: NewMember, nowMs: Int64, using generator: inout some RandomNumberGenerator
  ) throws(StoreError) {
    guard !new.username.isEmpty else { throw StoreError(.invalid, "a member needs a username") }
    self.new = new
    self.nowMs = nowMs
    id = Identifier.hex(bytes: 12, using: &generator)
    apiKey = Identifier.hex(bytes: Member.keyBytes, using: &generator)
  }

  func insert(_ db: Database, _ store: Store) throws -> Member {
    try Member.refuseTaken(new.username, new.email, by: nil, db)
    try db.execute(
      sql: """
        INSERT INTO member(
          id, username, full_name, email, password_hash, api_key, api_key_sealed, global_admin,
          permission, lang, created_ms)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        id, new.username, new.fullName, new.email, new.passwordHash, store.vault.hash(apiKey),
        Data(store.vault.seal(apiKey, of: id)), new.isGlobalAdmin, new.permission, new.language,
        nowMs,
      ])
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM member WHERE id = ?", arguments: [id])
    else {
      throw StoreError(.failed, "the member \(new.username) is not there after it was made")
    }
    return try Member(row, store)
  }
}

extension Store {
  /// Makes a member with a random id and api key, and keeps lines of the audit about it, all or
  /// none; durable when this returns.
  package func createMember(
    _ new: NewMember, nowMs: Int64, audit lines: (Member) -> [AuditLine] = { _ in [] }
  ) throws(StoreError) -> Member {
    var generator = SystemRandomNumberGenerator()
    return try createMember(new, nowMs: nowMs, using: &generator, audit: lines)
  }

  package func createMember(
    _ new: NewMember, nowMs: Int64, using generator: inout some RandomNumberGenerator,
    audit lines: (Member) -> [AuditLine] = { _ in [] }
  ) throws(StoreError) -> Member {
    let draft = try MemberDraft(new, nowMs: nowMs, using: &generator)
    return try administer { db in
      let member = try draft.insert(db, self)
      for line in lines(member) { try line.insert(db, under: vault.auditKey) }
      return member
    }
  }

  /// All members, oldest first.
  package func members() throws(StoreError) -> [Member] {
    try look {
      try Row.fetchAll($0, sql: "SELECT * FROM member ORDER BY created_ms, id").map {
        try Member($0, self)
      }
    }
  }

  /// The member programs call by that key.
  package func member(apiKey: String) throws(StoreError) -> Member? {
    try look {
      let arguments: StatementArguments = [vault.hash(apiKey)]
      return try Row.fetchOne(
        $0, sql: "SELECT * FROM member WHERE api_key = ?", arguments: arguments
      )
      .map { try Member($0, self) }
    }
  }

  package func member(username: String) throws(StoreError) -> Member? {
    try look {
      try Row.fetchOne($0, sql: "SELECT * FROM member WHERE username = ?", arguments: [username])
        .map { try Member($0, self) }
    }
  }
}
