import GRDB

extension Store {
  /// The merges behind a key, up to and with those of a journal position, in order.
  package func merges(after key: RawKey, through position: UInt64) throws(StoreError)
    -> [MergedUser]
  {
    let end = RawKey(position: position + 1, item: 0)
    return try look { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT app, uid, into_uid, item, merged_ms FROM merged_user
          WHERE item > ? AND item < ? ORDER BY item
          """, arguments: [key.rawValue, end.rawValue]
      ).map(MergedUser.init)
    }
  }

  /// Who goes on for whom in an app, the latest first, at most so many.
  package func merges(app: UInt32, limit: Int) throws(StoreError) -> [MergedUser] {
    try look { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT app, uid, into_uid, item, merged_ms FROM merged_user WHERE app = ?
          ORDER BY item DESC LIMIT ?
          """, arguments: [app, limit]
      ).map(MergedUser.init)
    }
  }

  /// All numbers of one user, whichever of them is asked for.
  func everybody(
    app: UInt32, user: UInt64, uncommitted: [MergedUser]
  ) throws(StoreError) -> Set<UInt64> {
    let sql = """
      SELECT into_uid FROM merged_user WHERE app = ?1 AND uid = ?2
      UNION SELECT uid FROM merged_user WHERE app = ?1 AND into_uid = ?2
      """
    return try look { db in
      var found: Set = [user]
      var open = [user]
      while let next = open.popLast() {
        var others = try Int64.fetchAll(db, sql: sql, arguments: [app, Int64(next)])
          .map { UInt64($0) }
        for merge in uncommitted where merge.app == app {
          if merge.from == next { others.append(merge.into) }
          if merge.into == next { others.append(merge.from) }
        }
        for other in others where found.insert(other).inserted { open.append(other) }
      }
      return found
    }
  }
}

extension MergedUser {
  fileprivate init(_ row: Row) {
    let (from, into): (Int64, Int64) = (row["uid"], row["into_uid"])
    self.init(
      app: row["app"], from: UInt64(from), into: UInt64(into), key: RawKey(rawValue: row["item"]),
      atMs: row["merged_ms"])
  }
}

/// Who is who after merges: what reads, exports and erasures follow.
extension Snapshot {
  /// The number under which a user goes on: its own when it was not merged.
  package func successor(app: UInt32, user: UInt64) throws -> UInt64 {
    var found = user
    let sql = """
      WITH RECURSIVE way(uid) AS (
        SELECT ?2 UNION
        SELECT into_uid FROM merged_user JOIN way ON merged_user.uid = way.uid WHERE app = ?1)
      SELECT uid FROM way WHERE NOT EXISTS (
        SELECT 1 FROM merged_user WHERE app = ?1 AND merged_user.uid = way.uid)
      """
    try ReadStatement(transaction, sql).forEach([.integer(Int64(app)), .integer(Int64(user))]) {
      found = UInt64(bitPattern: $0.integer(0))
    }
    return found
  }

  /// All numbers under which rows of a user may be found: its own, and those of everybody who was
  /// merged into it, over any number of steps.
  package func aliases(app: UInt32, user: UInt64) throws -> [UInt64] {
    var found: [UInt64] = []
    let sql = """
      WITH RECURSIVE everybody(uid) AS (
        SELECT ?2 UNION
        SELECT merged_user.uid FROM merged_user JOIN everybody
          ON merged_user.into_uid = everybody.uid WHERE app = ?1)
      SELECT uid FROM everybody ORDER BY uid
      """
    try ReadStatement(transaction, sql).forEach([.integer(Int64(app)), .integer(Int64(user))]) {
      found.append(UInt64(bitPattern: $0.integer(0)))
    }
    return found
  }

  /// Who was merged into a user last, in one step; nil when nobody was.
  package func lastMerged(app: UInt32, into user: UInt64) throws -> UInt64? {
    let sql = """
      SELECT uid FROM merged_user WHERE app = ? AND into_uid = ? ORDER BY item DESC LIMIT 1
      """
    return try ReadStatement(transaction, sql).integer([
      .integer(Int64(app)), .integer(Int64(user)),
    ])
    .map { UInt64($0) }
  }
}
