import GRDB

/// A store beside another one, in which the same raw items are counted once more.
extension Store {
  /// Makes a store in an empty folder that has the apps, plugins and users of another, with their numbers,
  /// and has counted nothing.
  package static func makeTwin(at directory: String, of source: String) throws(StoreError) {
    let twin = try open(directory: directory)
    do {
      try twin.pool.writeWithoutTransaction { db in
        try db.execute(
          sql: "ATTACH DATABASE ? AS source", arguments: [mainPath(source)])
        // Raw items name users by number, and merges say who went on as whom, and when.
        for table in ["app", "plugin", "user", "merged_user"] {
          try db.execute(sql: "INSERT INTO \(table) SELECT * FROM source.\(table)")
        }
        try db.execute(sql: "DETACH DATABASE source")
      }
    } catch { throw StoreError(error, file: twin.path) }
    try twin.close()
  }

  /// A bucket that two stores count differently.
  package struct Difference: Equatable, Sendable {
    package let app: UInt32
    /// `<plugin>.<metric>`.
    package let metric: String
    package let subject: String
    package let dimension: String
    package let value: String
    package let grain: UInt32
    package let bucket: Int64
    /// In this store, and in the other one; empty where there is no such bucket.
    package let measures: [Int64]
    package let others: [Int64]
  }

  /// Where this store counts otherwise than the one in `other`: how many buckets of these metrics
  /// there are, how many differ, and the first of those. Visits every row.
  package func differences(
    from other: String, metrics: [String], limit: Int
  ) throws(StoreError) -> (buckets: Int, differing: Int, first: [Difference]) {
    do {
      return try pool.writeWithoutTransaction { db in
        try db.execute(sql: "ATTACH DATABASE ? AS other", arguments: [Store.mainPath(other)])
        defer { try? db.execute(sql: "DETACH DATABASE other") }
        try db.execute(sql: "CREATE TEMP TABLE wanted(metric TEXT PRIMARY KEY) WITHOUT ROWID")
        defer { try? db.execute(sql: "DROP TABLE temp.wanted") }
        for metric in metrics {
          try db.execute(sql: "INSERT OR IGNORE INTO wanted VALUES(?)", arguments: [metric])
        }
        let mine = Self.buckets("main")
        let all = "SELECT count(*) FROM (\(mine))"
        let differing = Self.differing
        let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM (\(differing))") ?? 0
        let rows = try Row.fetchAll(db, sql: "\(differing) ORDER BY 1,2,3,4,5,6,7 LIMIT \(limit)")
        return (try Int.fetchOne(db, sql: all) ?? 0, count, try rows.map { try difference($0, db) })
      }
    } catch { throw StoreError(error, file: path) }
  }

  private static let key = "app, metric, subject, dimension, value, grain, bucket"
  private static let measures = (0..<8).map { "m\($0)" }.joined(separator: ", ")

  /// Buckets in which something was counted.
  private static func buckets(_ schema: String) -> String {
    """
    SELECT \(key), \(measures) FROM \(schema).counter
    JOIN \(schema).series ON series.id = counter.series
    WHERE metric IN (SELECT metric FROM wanted)
      AND (\((0..<8).map { "m\($0) <> 0" }.joined(separator: " OR ")))
    """
  }

  private static var differing: String {
    let (mine, others) = (buckets("main"), buckets("other"))
    return """
      SELECT DISTINCT \(key) FROM (
        SELECT * FROM (SELECT * FROM (\(mine)) EXCEPT SELECT * FROM (\(others)))
        UNION ALL
        SELECT * FROM (SELECT * FROM (\(others)) EXCEPT SELECT * FROM (\(mine))))
      """
  }

  private func difference(_ row: Row, _ db: Database) throws -> Difference {
    func measures(_ schema: String) throws -> [Int64] {
      let sql = """
        SELECT \(Self.measures) FROM \(schema).counter
        JOIN \(schema).series ON series.id = counter.series
        WHERE app = ? AND metric = ? AND subject = ? AND dimension = ? AND value = ?
          AND grain = ? AND bucket = ?
        """
      let found = try Row.fetchOne(
        db, sql: sql,
        arguments: [
          row[0] as Int64, row[1] as String, row[2] as String, row[3] as String, row[4] as String,
          row[5] as Int64, row[6] as Int64,
        ])
      return found.map { found in (0..<8).map { found[$0] } } ?? []
    }
    return Difference(
      app: row[0], metric: row[1], subject: row[2], dimension: row[3], value: row[4],
      grain: row[5], bucket: row[6], measures: try measures("main"),
      others: try measures("other"))
  }

  /// Takes the counters of these metrics from the store in `other`, in one transaction. Nothing of a
  /// working set may be there.
  package func takeCounters(from other: String, metrics: [String]) throws(StoreError) {
    do {
      try pool.writeWithoutTransaction { db in
        try db.execute(sql: "ATTACH DATABASE ? AS other", arguments: [Store.mainPath(other)])
        defer { try? db.execute(sql: "DETACH DATABASE other") }
        try db.inTransaction(.immediate) {
          // What belongs to no series would stand in the way of a new one's number.
          try db.execute(
            sql: "DELETE FROM main.counter WHERE series NOT IN (SELECT id FROM main.series)")
          for metric in metrics { try Self.take(metric, db) }
          return .commit
        }
      }
    } catch { throw StoreError(error, file: path) }
  }

  private static func take(_ metric: String, _ db: Database) throws {
    let same = ["app", "metric", "subject", "dimension", "value"].map { "m.\($0) = o.\($0)" }
      .joined(separator: " AND ")
    let own = "SELECT id FROM main.series WHERE metric = ?"
    let statements = [
      "DELETE FROM main.counter WHERE series IN (\(own))",
      "DELETE FROM main.series_year WHERE metric = ?",
      """
      INSERT OR IGNORE INTO main.series(app, metric, subject, dimension, value)
      SELECT app, metric, subject, dimension, value FROM other.series WHERE metric = ? ORDER BY id
      """,
      """
      INSERT INTO main.counter SELECT m.id, c.grain, c.bucket, \
      \((0..<8).map { "c.m\($0)" }.joined(separator: ", "))
      FROM other.series o JOIN other.counter c ON c.series = o.id
      JOIN main.series m ON \(same)
      WHERE o.metric = ?
      """,
      """
      INSERT OR IGNORE INTO main.series_year
      SELECT y.app, y.metric, y.subject, y.dimension, y.year, m.id
      FROM other.series_year y JOIN other.series o ON o.id = y.series
      JOIN main.series m ON \(same)
      WHERE y.metric = ?
      """,
    ]
    for statement in statements { try db.execute(sql: statement, arguments: [metric]) }
  }
}
