import GRDB

/// A tenant: what SDKs send to and members look at.
package struct App: Equatable, Sendable {
  /// Short and never given twice; what rows carry.
  package let number: UInt32
  /// The public id: 24 hexadecimal digits.
  package let hex: String
  /// What SDKs identify the app by: 40 hexadecimal digits.
  package let key: String
  /// The first key it had: users' ids are made with it, whatever the key is today.
  package let idKey: String
  /// Every key that is good, the oldest first.
  package let keys: [AppKey]
  package let name: String
  /// IANA name of the zone whose clocks decide about hours and days.
  package let timezone: String
  /// ISO code, or empty.
  package let country: String
  package let category: String
  package let type: String
  /// Secret of checksums; empty: none is asked for.
  package let salt: String
  /// Where SDK requests are sent on to; empty: they are taken here.
  package let redirectURL: String
  package let isPaused: Bool
  package let isLocked: Bool
  package let createdMs: Int64
  /// 0: never.
  package let editedMs: Int64
  /// The member who made it; empty: nobody who is known.
  package let owner: String
  /// Members that clients gave and nobody declared, a JSON object.
  package let extra: String
  /// What plugins and namespaces are told of this app alone, a JSON object.
  package let plugins: String
  /// What management knows of its events, a JSON object; empty when it knows nothing.
  package let events: String
  /// Whether it has an icon of its own.
  package let hasIcon: Bool

  private init(_ row: Row, keys: [AppKey]) {
    self.keys = keys
    number = row["id"]
    hex = row["hex"]
    key = row["key"]
    name = row["name"]
    timezone = row["timezone"]
    country = row["country"]
    category = row["category"]
    type = row["type"]
    idKey = row["id_key"]
    editedMs = row["edited_ms"]
    owner = row["owner"]
    extra = row["extra"]
    plugins = row["plugins"]
    events = row["events"] ?? ""
    hasIcon = row["has_icon"]
    salt = row["salt"]
    redirectURL = row["redirect_url"]
    isPaused = row["paused"]
    isLocked = row["locked"]
    createdMs = row["created_ms"]
  }
  /// The apps of which a condition is true, oldest first.
  static func all(
    where condition: String, _ arguments: StatementArguments, _ db: Database
  ) throws -> [App] {
    let sql = """
      SELECT a.*, (SELECT body FROM event_registry WHERE app = a.id) AS events,
        EXISTS(SELECT 1 FROM app_icon WHERE app = a.id) AS has_icon
      FROM app AS a WHERE \(condition) ORDER BY id
      """
    return try Row.fetchAll(db, sql: sql, arguments: arguments).map { row in
      let keys = try Row.fetchAll(
        db, sql: "SELECT key, last_data_ms FROM app_key WHERE app = ? ORDER BY id",
        arguments: [row["id"] as Int64])
      return App(row, keys: keys.map { AppKey(key: $0[0], lastDataMs: $0[1]) })
    }
  }
}
