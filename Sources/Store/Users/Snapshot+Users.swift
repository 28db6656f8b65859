import Foundation
import GRDB

/// A user as the store knows them.
package struct StoredUser: Equatable, Sendable {
  package let uid: UInt64
  package let device: [UInt8]
  package let createdMs: Int64

  /// Nobody has been seen of it: it is no user to whoever asks.
  package var isHidden: Bool { createdMs < 0 }
}

extension Snapshot {
  private static let living = "substr(device, 1, 1) <> x'FF'"
  /// Somebody was seen, and nobody else goes on for them.
  private static let present = """
    created_ms >= 0 AND \(living) AND NOT EXISTS (
      SELECT 1 FROM merged_user WHERE merged_user.app = user.app AND merged_user.uid = user.uid)
    """

  /// The very user with that number, merged or not.
  package func user(app: UInt32, uid: UInt64) throws -> StoredUser? {
    guard uid <= CellKey.userMax else { return nil }
    return try users("app = ? AND uid = ?", [app, Int64(uid)]).first
  }

  /// The very user of that device, merged or not.
  package func user(app: UInt32, device: String) throws -> StoredUser? {
    try users("app = ? AND device = ?", [app, Data(device.utf8)]).first
  }

  /// Users in the order of their numbers, newest first, below `before`. Those for whom others go on,
  /// and hidden ones, are left out unless asked for.
  package func users(
    app: UInt32, before: UInt64, limit: Int, withMerged: Bool = false
  ) throws -> [StoredUser] {
    let condition = withMerged ? "" : " AND \(Self.present)"
    return try users(
      "app = ? AND uid < ?" + condition, [app, Int64(min(before, CellKey.userMax))],
      "ORDER BY uid DESC LIMIT \(max(0, limit))")
  }

  /// How many users an app has, each counted once.
  package func userCount(app: UInt32) throws -> Int {
    try transaction.reading { _ in
      try Int.fetchOne(
        database, sql: "SELECT count(*) FROM user WHERE app = ? AND \(Self.present)",
        arguments: [app]) ?? 0
    }
  }

  /// The numbers of users with that property, oldest first.
  package func users(
    app: UInt32, property: String, value: String, limit: Int
  ) throws -> [UInt64] {
    try numbers(
      """
      SELECT DISTINCT uid FROM user_property WHERE app = ? AND name = ? AND value = ?
      ORDER BY uid LIMIT ?
      """, [app, property, value, max(0, limit)])
  }

  /// The same for values that begin so, by value.
  package func users(
    app: UInt32, property: String, prefix: String, limit: Int
  ) throws -> [UInt64] {
    // Bytes are compared, and no text goes on with anything larger than the last character.
    try numbers(
      """
      SELECT uid FROM user_property
      WHERE app = ? AND name = ? AND value >= ? AND value < ? || char(0x10FFFF)
      ORDER BY value, uid LIMIT ?
      """, [app, property, prefix, prefix, max(0, limit)])
  }

  /// Whether users of the app are found by that property at all.
  package func isSearched(app: UInt32, property: String) throws -> Bool {
    try transaction.reading { _ in
      try Int.fetchOne(
        database, sql: "SELECT 1 FROM user_property WHERE app = ? AND name = ? LIMIT 1",
        arguments: [app, property]) != nil
    }
  }

  private func numbers(_ sql: String, _ arguments: StatementArguments) throws -> [UInt64] {
    try transaction.reading { _ in
      try Int64.fetchAll(database, sql: sql, arguments: arguments).map { UInt64($0) }
    }
  }

  private func users(
    _ condition: String, _ arguments: StatementArguments, _ order: String = ""
  ) throws -> [StoredUser] {
    try transaction.reading { _ in
      let sql = "SELECT uid, device, created_ms FROM user WHERE \(condition) AND \(Self.living)"
      return try Row.fetchAll(database, sql: "\(sql) \(order)", arguments: arguments).map { row in
        let (uid, device): (Int64, Data) = (row[0], row[1])
        return StoredUser(uid: UInt64(uid), device: Array(device), createdMs: row[2])
      }
    }
  }
}
