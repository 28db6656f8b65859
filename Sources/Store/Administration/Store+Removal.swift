import GRDB

/// Apps that go, data of apps that goes, and marks that management leaves in the store.
extension Store {
  /// Tables that keep what they know of an app that is gone: every accepted item stays in the books,
  /// what was done stays in the audit, and what is on its way is refused where it arrives.
  private static let keptTables: Set<String> = ["ledger", "audit", "outbox", "app_removal"]
  /// What an app is, which goes with the app and not with its data.
  private static let ownTables: Set<String> = ["app_key", "app_icon", "note", "cms_entry"]
  /// What stays when only data goes.
  private static let definitionTables: Set<String> = ["kv", "event_registry"]
  /// The metric whose subjects and dimensions are the events an app has.
  private static let eventMetric = "events.events"

  /// Removes apps with everything the main file has of them; raw items go with `remove`. Nothing of
  /// a working set may be uncommitted, and every working set is reset afterwards.
  package func removeApps(_ numbers: [UInt32]) throws(StoreError) {
    try settleCellLog()
    try administer { db in
      for number in numbers { try Self.delete(app: number, AppClearing(.app), db) }
      try KeyValues.countAgain(db)
    }
  }

  /// Takes data of an app out of the main file, or the app itself, all or nothing, and remembers
  /// that raw items up to a position are nobody's any more. `permission` answers what a member may
  /// do without the app, nil when that is what they may do anyway. Nothing of a working set may be
  /// uncommitted, and every working set is reset afterwards. Doing it again changes nothing.
  package func clear(
    app number: UInt32, _ clearing: AppClearing, through position: UInt64,
    permission: (String) -> String?
  ) throws(StoreError) {
    try settleCellLog()
    let removals: [AppRemoval] = try administer { db in
      guard let app = try App.all(where: "id = ?", [number], db).first else {
        return try Self.pendingRemovals(db)
      }
      switch clearing.scope {
      case .old: try Self.deleteOld(of: app.number, before: clearing, db)
      case .events:
        try Self.deleteEvents(of: app.number, clearing, db)
        return try Self.pendingRemovals(db)
      case .app, .everything, .data: try Self.delete(app: app.number, clearing, db)
      }
      try KeyValues.countAgain(db)
      try db.execute(
        sql: "INSERT INTO app_removal(app, position, before_ms) VALUES(?, ?, ?)",
        arguments: [number, Int64(position), clearing.scope == .old ? clearing.dayMs : nil])
      if clearing.scope == .app { try Self.strip(permission, db) }
      return try Self.pendingRemovals(db)
    }
    hidden.withLock { $0 = removals }
  }

  private static func delete(app number: UInt32, _ clearing: AppClearing, _ db: Database) throws {
    for table in ["counter", "sketch"] {
      try db.execute(
        sql: "DELETE FROM \(table) WHERE series IN (SELECT id FROM series WHERE app = ?)",
        arguments: [number])
    }
    let first = CellKey(app: number, user: 0, plugin: 0).rawValue
    let last = CellKey(app: number, user: CellKey.userMax, plugin: CellKey.pluginMax).rawValue
    try db.execute(sql: "DELETE FROM cell WHERE id BETWEEN ? AND ?", arguments: [first, last])
    var kept = keptTables
    if clearing.scope != .app { kept.formUnion(ownTables) }
    if clearing.scope == .data { kept.formUnion(definitionTables) }
    let tables = try String.fetchAll(
      db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
    for table in tables where !kept.contains(table) {
      guard try db.columns(in: table).contains(where: { $0.name == "app" }) else { continue }
      let isNames = clearing.scope == .data && table == "series"
      try db.execute(
        sql: "DELETE FROM \(table) WHERE app = ?" + (isNames ? " AND metric <> ?" : ""),
        arguments: isNames ? [number, eventMetric] : [number])
    }
    if clearing.scope == .app {
      try db.execute(sql: "DELETE FROM app WHERE id = ?", arguments: [number])
    }
    // Everything that was stored by now: neither raw items nor counters know of it any more.
    try db.execute(
      sql: """
        INSERT OR REPLACE INTO ledger(app, reason, items)
        SELECT app, ?, items FROM ledger WHERE app = ? AND reason = ?
        """, arguments: [Ledger.clearedReason, number, Ledger.storedReason])
  }

  /// Buckets that reach over the first day that stays, stay.
  private static func deleteOld(
    of number: UInt32, before clearing: AppClearing, _ db: Database
  ) throws {
    let own = "series IN (SELECT id FROM series WHERE app = ?1)"
    for grain in Grain.allCases {
      let bucket =
        grain == .hour ? clearing.day * Grain.hoursPerDay : grain.bucket(ofDay: clearing.day)
      try db.execute(
        sql: "DELETE FROM counter WHERE \(own) AND grain = ?2 AND bucket < ?3",
        arguments: [number, grain.rawValue, bucket])
    }
    try db.execute(
      sql: "DELETE FROM sketch WHERE \(own) AND day < ?2", arguments: [number, clearing.day])
    try db.execute(
      sql: "DELETE FROM series_year WHERE app = ? AND year < ?",
      arguments: [number, CivilDate(day: clearing.day).year])
    try db.execute(
      sql: "DELETE FROM plugin_row WHERE app = ? AND received_ms < ?",
      arguments: [number, clearing.dayMs])
  }

  /// Raw items keep what clients said.
  private static func deleteEvents(
    of number: UInt32, _ clearing: AppClearing, _ db: Database
  ) throws {
    func delete(_ condition: String, _ arguments: StatementArguments) throws {
      let own = "app = ? AND metric = ? AND " + condition
      let all: StatementArguments = [number, eventMetric] + arguments
      for table in ["counter", "sketch"] {
        try db.execute(
          sql: "DELETE FROM \(table) WHERE series IN (SELECT id FROM series WHERE \(own))",
          arguments: all)
      }
      for table in ["series", "series_year"] {
        try db.execute(sql: "DELETE FROM \(table) WHERE \(own)", arguments: all)
      }
    }
    for event in clearing.events { try delete("subject = ?", [event]) }
    for (event, segments) in clearing.segments {
      for segment in segments { try delete("subject = ? AND dimension = ?", [event, segment]) }
    }
  }

  private static func strip(_ permission: (String) -> String?, _ db: Database) throws {
    for row in try Row.fetchAll(db, sql: "SELECT id, permission FROM member") {
      guard let left = permission(row[1]) else { continue }
      try db.execute(
        sql: "UPDATE member SET permission = ? WHERE id = ?", arguments: [left, row[0] as String])
    }
  }

  /// Sets or takes away a mark.
  package func setMark(_ key: String, _ value: String?) throws(StoreError) {
    try administer { db in
      guard let value else {
        return try db.execute(sql: "DELETE FROM meta WHERE key = ?", arguments: [key])
      }
      try db.execute(
        sql: "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)", arguments: [key, value])
    }
  }

  package func mark(_ key: String) throws(StoreError) -> String? {
    try look {
      try String.fetchOne($0, sql: "SELECT value FROM meta WHERE key = ?", arguments: [key])
    }
  }
}
