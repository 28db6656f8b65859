import GRDB

/// What a member is made of, beside what the store gives them.
package struct NewMember: Sendable {
  package var username: String
  package var fullName: String
  package var email: String
  /// As it shall be stored; nil for an account without a password.
  package var passwordHash: String?
  package var isGlobalAdmin: Bool

  package init(
    username: String, fullName: String = "", email: String = "", passwordHash: String? = nil,
    isGlobalAdmin: Bool = false
  ) {
    self.username = username
    self.fullName = fullName
    self.email = email
    self.passwordHash = passwordHash
    self.isGlobalAdmin = isGlobalAdmin
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
    apiKey = Identifier.hex(bytes: 16, using: &generator)
  }

  func insert(_ db: Database) throws -> Member {
    let isTaken = try Bool.fetchOne(
      db, sql: "SELECT 1 FROM member WHERE username = ?", arguments: [new.username])
    guard isTaken == nil else {
      throw StoreError(
        .taken, "there is a member \(new.username) already; choose another username")
    }
    try db.execute(
      sql: """
        INSERT INTO member(
          id, username, full_name, email, password_hash, api_key, global_admin, created_ms)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        id, new.username, new.fullName, new.email, new.passwordHash, apiKey, new.isGlobalAdmin,
        nowMs,
      ])
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM member WHERE id = ?", arguments: [id])
    else {
      throw StoreError(.failed, "the member \(new.username) is not there after it was made")
    }
    return Member(row)
  }
}

extension Store {
  /// Makes a member with a random id and api key; durable when this returns.
  package func createMember(_ new: NewMember, nowMs: Int64) throws(StoreError) -> Member {
    var generator = SystemRandomNumberGenerator()
    return try createMember(new, nowMs: nowMs, using: &generator)
  }

  package func createMember(
    _ new: NewMember, nowMs: Int64, using generator: inout some RandomNumberGenerator
  ) throws(StoreError) -> Member {
    let draft = try MemberDraft(new, nowMs: nowMs, using: &generator)
    return try administer(draft.insert)
  }

  /// All members, oldest first.
  package func members() throws(StoreError) -> [Member] {
    try look {
      try Row.fetchAll($0, sql: "SELECT * FROM member ORDER BY created_ms, id").map(Member.init)
    }
  }

  /// The member programs call by that key.
  package func member(apiKey: String) throws(StoreError) -> Member? {
    try look {
      try Row.fetchOne($0, sql: "SELECT * FROM member WHERE api_key = ?", arguments: [apiKey])
        .map(Member.init)
    }
  }

  package func member(username: String) throws(StoreError) -> Member? {
    try look {
      try Row.fetchOne($0, sql: "SELECT * FROM member WHERE username = ?", arguments: [username])
        .map(Member.init)
    }
  }

  /// Replaces a member's stored password.
  package func setPasswordHash(_ hash: String?, memberID: String) throws(StoreError) {
    try administer { db in
      try db.execute(
        sql: "UPDATE member SET password_hash = ? WHERE id = ?", arguments: [hash, memberID])
      guard db.changesCount == 1 else {
        throw StoreError(.missing, "there is no member with the id \(memberID)")
      }
    }
  }
}
