import GRDB

/// What an app is made of, beside what the store gives it.
package struct NewApp: Sendable {
  package var name: String
  package var timezone: String
  package var country: String
  package var category = ""
  package var type = ""
  package var salt: String
  /// Nil: one is drawn.
  package var key: String?
  package var owner = ""
  /// A JSON object.
  package var extra = "{}"
  /// A PNG; nil: it has none of its own.
  package var icon: [UInt8]?

  package init(name: String, timezone: String = "UTC", country: String = "", salt: String = "") {
    self.name = name
    self.timezone = timezone
    self.country = country
    self.salt = salt
  }
}

/// An app whose names are drawn, and that is not in the store yet.
struct AppDraft {
  private let new: NewApp
  private let nowMs: Int64
  private let hex: String
  private let key: String

  init(
    _ new: NewApp, nowMs: Int64, using generator: inout some RandomNumberGenerator
  ) throws(StoreError) {
    guard !new.name.isEmpty, !new.timezone.isEmpty else {
      throw StoreError(.invalid, "an app needs a name and a time zone")
    }
    self.new = new
    self.nowMs = nowMs
    hex = Identifier.hex(bytes: 12, using: &generator)
    key = new.key ?? Identifier.hex(bytes: 20, using: &generator)
  }

  func insert(_ db: Database) throws -> App {
    // The books remember apps that are gone: no number is given twice.
    let last =
      try Int64.fetchOne(
        db, sql: "SELECT max(id) FROM (SELECT id FROM app UNION ALL SELECT app FROM ledger)") ?? 0
    guard last < Int64(CellKey.appMax) else {
      throw StoreError(.invalid, "the store has \(last) apps, the most it can tell apart")
    }
    try App.take(key: key, app: UInt32(last + 1), db)
    try db.execute(
      sql: """
        INSERT INTO app(
          id, hex, key, id_key, name, timezone, country, category, type, salt, owner, extra,
          created_ms)
        VALUES(?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        """,
      arguments: [
        last + 1, hex, key, new.name, new.timezone, new.country, new.category, new.type, new.salt,
        new.owner, new.extra, nowMs,
      ])
    if let icon = new.icon { try App.keep(icon: icon, app: UInt32(last + 1), db) }
    guard let app = try App.all(where: "id = ?", [last + 1], db).first else {
      throw StoreError(.failed, "the app \(new.name) is not there after it was made")
    }
    return app
  }
}

extension Store {
  /// Makes an app with a random id and key; durable when this returns.
  package func createApp(_ new: NewApp, nowMs: Int64) throws(StoreError) -> App {
    var generator = SystemRandomNumberGenerator()
    return try createApp(new, nowMs: nowMs, using: &generator)
  }

  package func createApp(
    _ new: NewApp, nowMs: Int64, using generator: inout some RandomNumberGenerator
  ) throws(StoreError) -> App {
    let draft = try AppDraft(new, nowMs: nowMs, using: &generator)
    return try administer(draft.insert)
  }

  /// The same with lines of the audit, all or none.
  package func createApp(
    _ new: NewApp, nowMs: Int64, audit lines: (App) -> [AuditLine]
  ) throws(StoreError) -> App {
    var generator = SystemRandomNumberGenerator()
    let draft = try AppDraft(new, nowMs: nowMs, using: &generator)
    return try administer { db in
      let app = try draft.insert(db)
      for line in lines(app) { try line.insert(db, under: vault.auditKey) }
      return app
    }
  }

  /// Makes a member and an app, both or neither; durable when this returns.
  package func createMember(
    _ member: NewMember, withApp app: NewApp, nowMs: Int64
  ) throws(StoreError) -> (member: Member, app: App) {
    var generator = SystemRandomNumberGenerator()
    let member = try MemberDraft(member, nowMs: nowMs, using: &generator)
    let app = try AppDraft(app, nowMs: nowMs, using: &generator)
    return try administer { (try member.insert($0, self), try app.insert($0)) }
  }

  /// All apps, oldest first.
  package func apps() throws(StoreError) -> [App] {
    try look { try App.all(where: "true", [], $0) }
  }

  /// The app SDKs call by that key.
  package func app(key: String) throws(StoreError) -> App? {
    try look {
      try App.all(where: "id = (SELECT app FROM app_key WHERE key = ?)", [key], $0).first
    }
  }

  /// The app with that public id.
  package func app(hex: String) throws(StoreError) -> App? {
    try look { try App.all(where: "hex = ?", [hex], $0).first }
  }

  /// Reads from a consistent snapshot.
  func look<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
    do { return try pool.read(body) } catch { throw StoreError(error, file: path) }
  }

  /// Writes in one transaction, synced before this returns.
  func administer<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
    do { return try pool.write(body) } catch { throw StoreError(error, file: path) }
  }
}
