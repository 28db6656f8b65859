import Foundation
import GRDB

extension Store {
  /// Tokens of one member that live at the same time.
  package static let tokensMax = 1_000

  /// Makes a random token; durable when this returns. What is over goes at the same time, and so
  /// does the member's oldest session where there are too many. Nil when there is no such member.
  package func createToken(
    _ new: NewToken, nowS: Int64
  ) throws(StoreError) -> (made: AccessToken, gone: [String])? {
    var generator = SystemRandomNumberGenerator()
    let text = Identifier.hex(bytes: 20, using: &generator)
    let hash = vault.hash(text)
    let life = new.life(from: nowS)
    return try administer { db in
      let owner = [new.owner]
      guard
        try Bool.fetchOne(db, sql: "SELECT 1 FROM member WHERE id = ?", arguments: [new.owner])
          != nil
      else { return nil }
      let gone = try makeRoom(for: new, nowS, db)
      let count =
        try Int.fetchOne(
          db, sql: "SELECT count(*) FROM token WHERE owner = ?",
          arguments: StatementArguments(owner))
        ?? 0
      guard count < Self.tokensMax else {
        throw StoreError(.invalid, "there are \(count) tokens already; delete those not needed")
      }
      try db.execute(
        sql: """
          INSERT INTO token(
            hash, sealed, kind, owner, created_s, ttl, ends, multi, apps, endpoint, purpose,
            permission, max_ends, can_login)
          VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          hash, Data(vault.seal(text, of: new.owner)), new.kind.rawValue, new.owner, nowS, life.ttl,
          life.ends, new.isMulti, new.apps.joined(separator: ","), new.endpoint, new.purpose,
          new.permission, new.maxEnds, new.canLogin,
        ])
      let row = try Row.fetchOne(db, sql: "SELECT * FROM token WHERE hash = ?", arguments: [hash])
      guard let row else { throw StoreError(.failed, "a token is not there after it was made") }
      return (try AccessToken(row, self), gone)
    }
  }

  /// Hashes of what went.
  private func makeRoom(for new: NewToken, _ nowS: Int64, _ db: Database) throws -> [String] {
    let over = try String.fetchAll(
      db, sql: "DELETE FROM token WHERE ttl > 0 AND ends <= ? RETURNING hash", arguments: [nowS])
    guard new.kind != .program else { return over }
    // A login never fails because of those before it.
    let oldest = try String.fetchAll(
      db,
      sql: """
        DELETE FROM token WHERE hash IN (
          SELECT hash FROM token WHERE owner = ? AND kind = ? ORDER BY created_s DESC, hash
          LIMIT -1 OFFSET ?)
        RETURNING hash
        """, arguments: [new.owner, new.kind.rawValue, Self.sessionsMax - 1])
    return over + oldest
  }

  /// Sessions, and links, of one member that live at the same time.
  package static let sessionsMax = 50

  /// All tokens.
  package func tokens() throws(StoreError) -> [AccessToken] {
    try look { db in
      try Row.fetchAll(db, sql: "SELECT * FROM token ORDER BY created_s, hash").map {
        try AccessToken($0, self)
      }
    }
  }

  /// Deletes tokens; durable when this returns.
  package func deleteTokens(hashes: [String]) throws(StoreError) {
    try administer { db in
      for hash in hashes {
        try db.execute(sql: "DELETE FROM token WHERE hash = ?", arguments: [hash])
      }
    }
  }

  /// Has tokens last so many seconds from now on, within their bounds; all or none.
  package func retimeTokens(
    _ seconds: [String: Int64], nowS: Int64
  ) throws(StoreError) -> [AccessToken] {
    try administer { db in
      try seconds.sorted { $0.key < $1.key }.compactMap { hash, ttl in
        try Row.fetchOne(
          db,
          sql: """
            UPDATE token SET ttl = ?1,
              ends = CASE WHEN max_ends > 0 THEN min(?2, max_ends) ELSE ?2 END
            WHERE hash = ?3 RETURNING *
            """, arguments: [ttl, nowS + ttl, hash]
        ).map { try AccessToken($0, self) }
      }
    }
  }

  /// Has a token end later, within its bound. Nil when it is gone.
  package func extendToken(hash: String, to ends: Int64) throws(StoreError) -> AccessToken? {
    try administer { db in
      try db.execute(
        sql: """
          UPDATE token SET ends = CASE WHEN max_ends > 0 THEN min(?1, max_ends) ELSE ?1 END
          WHERE hash = ?2
          """, arguments: [ends, hash])
      return try Row.fetchOne(db, sql: "SELECT * FROM token WHERE hash = ?", arguments: [hash])
        .map { try AccessToken($0, self) }
    }
  }
}
