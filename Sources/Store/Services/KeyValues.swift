import Foundation
import GRDB

/// Small values by key, each plugin's own. Written directly and synced; reads see every write that
/// has returned. Any thread.
package final class KeyValues: @unchecked Sendable {
  package static let keyBytesMax = 256
  package static let valueBytesMax = 65_536
  /// Of one plugin.
  package static let keysMax = 10_000
  package static let bytesMax = 16 << 20
  /// Keys of one scan.
  package static let scanMax = 1_000

  /// Where a value lies.
  package struct Place: Hashable, Sendable {
    package let plugin: String
    package let app: UInt32
    package let key: String

    package init(plugin: String, app: UInt32, key: String) {
      self.plugin = plugin
      self.app = app
      self.key = key
    }
  }

  /// A value and the version it was written with.
  package struct Entry: Equatable, Sendable {
    package let key: String
    package let value: [UInt8]
    package let version: UInt64
  }

  /// How a write ended.
  package enum Written: Equatable, Sendable {
    case done(version: UInt64)
    /// The key has that version; 0: it is not there.
    case conflict(version: UInt64)
    /// One of the plugin's limits is reached: which.
    case full(String)
  }

  private let store: Store
  private let lock = NSLock()
  private let connection: SQLiteConnection
  private let one: SQLiteStatement
  private let many: SQLiteStatement

  /// Reads on a connection of its own: a question may ask while it holds a snapshot.
  package init(store: Store) throws(StoreError) {
    self.store = store
    connection = try SQLiteConnection(path: store.path, mode: .readOnly)
    one = try connection.prepare(
      """
      SELECT value, version FROM kv
      WHERE plugin=? AND app=? AND key=? AND (expires_ms=0 OR expires_ms>?)
      """)
    many = try connection.prepare(
      """
      SELECT key, value, version FROM kv
      WHERE plugin=? AND app=? AND key>=? AND key>? AND (expires_ms=0 OR expires_ms>?)
      ORDER BY key LIMIT ?
      """)
  }

  // MARK: Reading

  package func get(_ place: Place, nowMs: Int64) throws(StoreError) -> Entry? {
    lock.lock()
    defer { lock.unlock() }
    defer { one.reset() }
    one.bind(1, copy: place.plugin)
    one.bind(2, Int64(place.app))
    one.bind(3, copy: place.key)
    one.bind(4, nowMs)
    guard try one.step() else { return nil }
    return Entry(
      key: place.key, value: Array(one.bytes(0)), version: UInt64(bitPattern: one.integer(1)))
  }

  /// Keys that begin with `prefix` and lie behind `after`, in order.
  package func scan(
    plugin: String, app: UInt32, prefix: String, after: String, limit: Int, nowMs: Int64
  ) throws(StoreError) -> [Entry] {
    lock.lock()
    defer { lock.unlock() }
    defer { many.reset() }
    many.bind(1, copy: plugin)
    many.bind(2, Int64(app))
    many.bind(3, copy: prefix)
    many.bind(4, copy: after)
    many.bind(5, nowMs)
    many.bind(6, Int64(min(max(limit, 0), Self.scanMax)))
    var found: [Entry] = []
    while try many.step() {
      let key = many.text(0)
      guard key.utf8.starts(with: prefix.utf8) else { break }
      found.append(
        Entry(
          key: key, value: Array(many.bytes(1)), version: UInt64(bitPattern: many.integer(2))))
    }
    return found
  }

  // MARK: Writing

  /// Writes a value; with `ifVersion` only while the key has it, 0 standing for "not there".
  /// `expiresMs` 0: never.
  package func put(
    _ place: Place, _ value: [UInt8], expiresMs: Int64, ifVersion: UInt64? = nil, nowMs: Int64
  ) throws(StoreError) -> Written {
    try store.administer { db in
      var old = try Self.stored(place, nowMs, db)
      if let ifVersion, ifVersion != old.version { return .conflict(version: old.version) }
      let size = place.key.utf8.count + value.count
      var usage = try Self.usage(place.plugin, db)
      if usage.isOver(adding: size, replacing: old.bytes) {
        try Self.sweep(nowMs, db)
        usage = try Self.usage(place.plugin, db)
        // The key itself may have been among them.
        old = try Self.stored(place, nowMs, db)
      }
      if let limit = usage.limit(adding: size, replacing: old.bytes) { return .full(limit) }
      usage.version += 1
      try db.execute(
        sql: "INSERT OR REPLACE INTO kv VALUES(?,?,?,?,?,?)",
        arguments: [
          place.plugin, place.app, place.key, Data(value), Int64(usage.version), expiresMs,
        ])
      usage.keys += old.bytes == nil ? 1 : 0
      usage.bytes += size - (old.bytes ?? 0)
      try Self.write(usage, place.plugin, db)
      return .done(version: usage.version)
    }
  }

  /// False when there was none.
  package func remove(_ place: Place, nowMs: Int64) throws(StoreError) -> Bool {
    try store.administer { db in
      let old = try Self.stored(place, nowMs, db)
      guard let bytes = old.bytes else { return false }
      try db.execute(
        sql: "DELETE FROM kv WHERE plugin=? AND app=? AND key=?",
        arguments: [place.plugin, place.app, place.key])
      var usage = try Self.usage(place.plugin, db)
      usage.keys -= 1
      usage.bytes -= bytes
      try Self.write(usage, place.plugin, db)
      return old.version != 0
    }
  }

  /// Deletes what has expired.
  package func sweep(nowMs: Int64) throws(StoreError) {
    try store.administer { try Self.sweep(nowMs, $0) }
  }

  /// What a plugin holds.
  package func usage(plugin: String) throws(StoreError) -> (keys: Int, bytes: Int) {
    let usage = try store.administer { try Self.usage(plugin, $0) }
    return (usage.keys, usage.bytes)
  }

  private struct Usage {
    var keys = 0
    var bytes = 0
    /// The last version given.
    var version: UInt64 = 0

    func isOver(adding size: Int, replacing old: Int?) -> Bool {
      limit(adding: size, replacing: old) != nil
    }

    func limit(adding size: Int, replacing old: Int?) -> String? {
      if old == nil, keys >= KeyValues.keysMax { return "\(KeyValues.keysMax) keys" }
      return bytes + size - (old ?? 0) > KeyValues.bytesMax ? "\(KeyValues.bytesMax) bytes" : nil
    }
  }

  /// The size of what is stored, expired or not, and its version; 0 when it is not there.
  private static func stored(
    _ place: Place, _ nowMs: Int64, _ db: Database
  ) throws -> (bytes: Int?, version: UInt64) {
    let row = try Row.fetchOne(
      db,
      sql: """
        SELECT length(CAST(key AS BLOB)) + length(value) AS bytes, version, expires_ms FROM kv
        WHERE plugin=? AND app=? AND key=?
        """, arguments: [place.plugin, place.app, place.key])
    guard let row else { return (nil, 0) }
    let (version, expires): (Int64, Int64) = (row["version"], row["expires_ms"])
    return (row["bytes"], expires == 0 || expires > nowMs ? UInt64(version) : 0)
  }

  private static func usage(_ plugin: String, _ db: Database) throws -> Usage {
    let sql = "SELECT keys, bytes, version FROM kv_usage WHERE plugin=?"
    guard let row = try Row.fetchOne(db, sql: sql, arguments: [plugin]) else { return Usage() }
    let version: Int64 = row["version"]
    return Usage(keys: row["keys"], bytes: row["bytes"], version: UInt64(version))
  }

  private static func write(_ usage: Usage, _ plugin: String, _ db: Database) throws {
    try db.execute(
      sql: "INSERT OR REPLACE INTO kv_usage VALUES(?,?,?,?)",
      arguments: [plugin, usage.keys, usage.bytes, Int64(usage.version)])
  }

  /// Sums up anew, when keys have gone with their app.
  static func countAgain(_ db: Database) throws {
    try db.execute(
      sql: """
        UPDATE kv_usage SET
          keys = (SELECT count(*) FROM kv WHERE kv.plugin = kv_usage.plugin),
          bytes = (SELECT coalesce(sum(length(CAST(key AS BLOB)) + length(value)), 0)
            FROM kv WHERE kv.plugin = kv_usage.plugin)
        """)
  }

  private static func sweep(_ nowMs: Int64, _ db: Database) throws {
    try db.execute(
      sql: """
        UPDATE kv_usage SET keys = keys - gone.n, bytes = bytes - gone.size FROM (
          SELECT plugin, count(*) AS n, sum(length(CAST(key AS BLOB)) + length(value)) AS size
          FROM kv WHERE expires_ms BETWEEN 1 AND ?1 GROUP BY plugin) AS gone
        WHERE kv_usage.plugin = gone.plugin
        """, arguments: [nowMs])
    try db.execute(sql: "DELETE FROM kv WHERE expires_ms BETWEEN 1 AND ?", arguments: [nowMs])
  }
}
