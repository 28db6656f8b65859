import GRDB

/// How long somebody waits after so many attempts to log in that failed.
package struct LoginBackoff: Sendable {
  /// Attempts without a wait.
  package var free: Int
  package var firstWaitMs: Int64 = 30_000
  package var waitMsMax: Int64 = 3_600_000
  /// After this time without an attempt nothing of it is known any more.
  package static let rememberedMs: Int64 = 86_400_000

  package init(free: Int) { self.free = free }

  /// Doubles with each failure.
  package func waitMs(after count: Int) -> Int64 {
    guard count > free else { return 0 }
    return min(firstWaitMs << Int64(min(count - free - 1, 20)), waitMsMax)
  }
}

extension Store {
  /// Whose attempts are counted: an account, also one that nobody has, or a network.
  package struct LoginSubject: Sendable {
    let hash: String
    let backoff: LoginBackoff
  }

  /// Names and networks are not told by the database.
  package func loginSubject(_ name: String, _ backoff: LoginBackoff) -> LoginSubject {
    LoginSubject(hash: vault.hash(name), backoff: backoff)
  }

  /// Subjects that are remembered; the oldest make room.
  private static let loginSubjectsMax = 10_000

  /// Counts an attempt before it is made, so that many at the same time are many: false when one of
  /// the subjects has to wait. Durable when this returns.
  package func beginLogin(_ subjects: [LoginSubject], nowMs: Int64) throws(StoreError) -> Bool {
    try administer { db in
      try db.execute(
        sql: "DELETE FROM login_attempt WHERE last_ms < ?",
        arguments: [nowMs - LoginBackoff.rememberedMs])
      var counts: [Int] = []
      for subject in subjects {
        let row = try Row.fetchOne(
          db, sql: "SELECT count, until_ms FROM login_attempt WHERE subject = ?",
          arguments: [subject.hash])
        if let row, row["until_ms"] > nowMs { return false }
        counts.append(row?["count"] ?? 0)
      }
      for (subject, count) in zip(subjects, counts) {
        try db.execute(
          sql: "INSERT OR REPLACE INTO login_attempt VALUES(?, ?, ?, ?)",
          arguments: [
            subject.hash, count + 1, nowMs, nowMs + subject.backoff.waitMs(after: count + 1),
          ])
      }
      try db.execute(
        sql: """
          DELETE FROM login_attempt WHERE subject IN (
            SELECT subject FROM login_attempt ORDER BY last_ms DESC LIMIT -1 OFFSET ?)
          """, arguments: [Self.loginSubjectsMax])
      return true
    }
  }

  /// The attempt succeeded: the account's failures are forgotten; the network keeps those it had,
  /// for one account of an attacker's own must not free all others.
  package func endLogin(
    account: LoginSubject, network: LoginSubject
  ) throws(StoreError) {
    try administer { db in
      try db.execute(
        sql: "DELETE FROM login_attempt WHERE subject = ?", arguments: [account.hash])
      try db.execute(
        sql: "UPDATE login_attempt SET count = count - 1, until_ms = 0 WHERE subject = ?",
        arguments: [network.hash])
    }
  }

  /// An administrator lets somebody try again.
  package func forgetLogins(_ subject: LoginSubject) throws(StoreError) {
    try administer { db in
      try db.execute(
        sql: "DELETE FROM login_attempt WHERE subject = ?", arguments: [subject.hash])
    }
  }
}
