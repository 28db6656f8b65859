import Foundation
import GRDB

extension Store {
  /// Dead letters, oldest first, at most `limit` of them, and how many there are. Of all plugins,
  /// or of one.
  package func deadLetters(
    plugin: String? = nil, limit: Int
  ) throws(StoreError) -> (letters: [StoredDeadLetter], total: Int) {
    try look { db in
      let condition = plugin == nil ? "" : "WHERE plugin.name = :plugin"
      let sql =
        "FROM dead_letter AS letter LEFT JOIN plugin ON plugin.id = letter.plugin \(condition)"
      let arguments: StatementArguments = plugin.map { ["plugin": $0] } ?? StatementArguments()
      let letters = try Row.fetchAll(
        db, sql: "SELECT letter.*, plugin.name AS name \(sql) ORDER BY letter.id LIMIT \(limit)",
        arguments: arguments)
      let total = try Int.fetchOne(db, sql: "SELECT count(*) \(sql)", arguments: arguments)
      return (letters.map(StoredDeadLetter.init), total ?? 0)
    }
  }

  /// The dead letter of that number; nil when there is none.
  package func deadLetter(id: Int64) throws(StoreError) -> StoredDeadLetter? {
    try look { db in
      let sql = """
        SELECT letter.*, plugin.name AS name
        FROM dead_letter AS letter LEFT JOIN plugin ON plugin.id = letter.plugin WHERE letter.id = ?
        """
      return try Row.fetchOne(db, sql: sql, arguments: [id]).map(StoredDeadLetter.init)
    }
  }

  /// The numbers of a plugin's dead letters of one item.
  package func deadLetters(
    ofPlugin plugin: Int, position: UInt64, item: UInt32
  ) throws(StoreError) -> [Int64] {
    try look { db in
      try Int64.fetchAll(
        db, sql: "SELECT id FROM dead_letter WHERE plugin = ? AND position = ? AND item = ?",
        arguments: [plugin, Int64(position), item])
    }
  }

  /// Forgets dead letters for good; how many of the numbers were there.
  package func dropDeadLetters(_ ids: [Int64]) throws(StoreError) -> Int {
    try administer { db in
      var dropped = 0
      for id in ids {
        try db.execute(sql: "DELETE FROM dead_letter WHERE id = ?", arguments: [id])
        dropped += db.changesCount
      }
      return dropped
    }
  }

  /// How many dead letters each plugin has.
  package func deadLetterCounts() throws(StoreError) -> [String: Int] {
    try look { db in
      let sql = """
        SELECT coalesce(plugin.name, '') AS name, count(*) AS letters
        FROM dead_letter AS letter LEFT JOIN plugin ON plugin.id = letter.plugin GROUP BY 1
        """
      return Dictionary(
        try Row.fetchAll(db, sql: sql).map { ($0["name"] as String, $0["letters"] as Int) },
        uniquingKeysWith: +)
    }
  }
}

extension StoredDeadLetter {
  fileprivate init(_ row: Row) {
    id = row["id"]
    plugin = row["name"] ?? ""
    step = DeadLetterStep(text: row["step"])
    let position: Int64 = row["position"]
    self.position = UInt64(position)
    item = row["item"]
    app = row["app"]
    reason = row["reason"]
    receivedMs = row["received_ms"]
    body = (row["body"] as Data?).map(Array.init) ?? []
  }
}
