import GRDB

/// How much the store holds, for `tally verify`.
package struct StoreCounts: Equatable, Sendable {
  /// A line of the account of items.
  package struct LedgerLine: Equatable, Sendable {
    package let app: UInt32
    package let reason: String
    package let items: Int64
  }

  /// How far a consumer has come.
  package struct Consumer: Equatable, Sendable {
    /// Empty: the store itself.
    package let plugin: String
    package let position: UInt64
  }

  /// Merged ones too, and none that is hidden.
  package let users: Int
  package let series: Int
  package let counters: Int
  package internal(set) var rawRows: Int
  package let deadLetters: Int
  /// By app, then reason.
  package let ledger: [LedgerLine]
  package let consumers: [Consumer]

  /// The store's own position.
  package var position: UInt64 { consumers.first { $0.plugin.isEmpty }?.position ?? 0 }

  /// The items of an app that ended under a reason.
  package func items(app: UInt32, reason: String) -> Int64 {
    ledger.first { $0.app == app && $0.reason == reason }?.items ?? 0
  }
}

extension StoreCounts {
  /// Of the main file alone.
  init(main db: Database) throws {
    func count(_ table: String) throws -> Int {
      try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0
    }
    self.init(
      users: try count("user WHERE created_ms >= 0"), series: try count("series"),
      counters: try count("counter"),
      rawRows: 0, deadLetters: try count("dead_letter"), ledger: try Self.ledger(db),
      consumers: try Self.consumers(db))
  }

  static func ledger(_ db: Database) throws -> [StoreCounts.LedgerLine] {
    try Row.fetchAll(db, sql: "SELECT app, reason, items FROM ledger ORDER BY app, reason").map {
      StoreCounts.LedgerLine(app: $0["app"], reason: $0["reason"], items: $0["items"])
    }
  }

  private static func consumers(_ db: Database) throws -> [StoreCounts.Consumer] {
    let sql = """
      SELECT coalesce(name, '') AS name, position FROM consumer LEFT JOIN plugin ON id = plugin
      ORDER BY plugin
      """
    return try Row.fetchAll(db, sql: sql).map {
      let position: Int64 = $0["position"]
      return StoreCounts.Consumer(plugin: $0["name"], position: UInt64(position))
    }
  }
}

extension Store {
  /// As `StoreInspection` counts it.
  package func counts() throws(StoreError) -> StoreCounts {
    try StoreInspection(directory: directory).counts()
  }

  /// As `StoreInspection` finds it.
  package func damage() throws(StoreError) -> [String] {
    try StoreInspection(directory: directory, keyFile: keyFile).damage()
  }
}
