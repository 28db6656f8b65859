import Foundation
import GRDB

/// One bucket of one series, as it is stored.
package struct StoredCounter: Equatable, Sendable {
  package let app: UInt32
  /// `<plugin>.<metric>`.
  package let metric: String
  package let subject: String
  package let dimension: String
  package let value: String
  package let grain: UInt32
  package let bucket: Int64
  /// In the order of the metric's measures; zeros behind them.
  package let measures: [Int64]
}

extension Snapshot {
  /// Everything that was counted, as sorted lines of text that say nothing of positions, times of
  /// commits and internal numbers: two stores that counted the same items have the same lines,
  /// however the batches were cut. Visits every row: for tests and checks.
  package func contents() throws -> [String] {
    try transaction.reading { _ in
      try (counterLines() + documentLines() + rowLines() + cellLines()).sorted()
    }
  }

  /// Every bucket of every series.
  package func counters() throws -> [StoredCounter] {
    let sql = """
      SELECT app, metric, subject, dimension, value, grain, bucket, m0, m1, m2, m3, m4, m5, m6, m7
      FROM counter JOIN series ON series.id = counter.series
      """
    return try transaction.reading { _ in
      try Row.fetchAll(database, sql: sql).map { row in
        StoredCounter(
          app: row[0], metric: row[1], subject: row[2], dimension: row[3], value: row[4],
          grain: row[5], bucket: row[6], measures: (7..<15).map { row[$0] })
      }
    }
  }

  private func counterLines() throws -> [String] {
    try counters().filter { $0.measures.contains { $0 != 0 } }.map { line in
      let names = [line.metric, line.subject, line.dimension, line.value].map(\.debugDescription)
      return "counter app \(line.app) \(names.joined(separator: " ")) grain \(line.grain) "
        + "bucket \(line.bucket): \(line.measures)"
    }
  }

  private func documentLines() throws -> [String] {
    let sql = """
      SELECT name, app, collection, key, body FROM document JOIN plugin ON id = plugin
      """
    return try Row.fetchAll(database, sql: sql).map { row in
      "document \(row[0] as String) app \(row[1] as Int64) \(row[2] as String) "
        + "\((row[3] as String).debugDescription): \(Self.hex(row[4] as Data?))"
    }
  }

  /// Rows are numbered below their key, so that their order is compared and nothing else of their
  /// ids.
  private func rowLines() throws -> [String] {
    let sql = """
      SELECT plugin.name, app, plugin_row.name, key, uid, received_ms, payload,
        row_number() OVER (
          PARTITION BY plugin, app, plugin_row.name, key ORDER BY plugin_row.id)
      FROM plugin_row JOIN plugin ON plugin.id = plugin
      """
    return try Row.fetchAll(database, sql: sql).map { row in
      "row \(row[0] as String) app \(row[1] as Int64) \(row[2] as String) "
        + "\((row[3] as String).debugDescription) number \(row[7] as Int64): "
        + "user \(row[4] as Int64) at \(row[5] as Int64) \(Self.hex(row[6] as Data?))"
    }
  }

  private func cellLines() throws -> [String] {
    let users = try Row.fetchAll(database, sql: "SELECT app, uid FROM user")
    let plugins = try Row.fetchAll(database, sql: "SELECT id, name FROM plugin")
    return try users.flatMap { user in
      try plugins.compactMap { plugin in
        let (app, uid): (Int64, Int64) = (user[0], user[1])
        let cell = try ownCell(plugin: plugin[0], app: UInt32(app), user: UInt64(uid))
        return cell.map { "cell \(plugin[1] as String) app \(app) user \(uid): \(Self.hex($0))" }
      }
    }
  }

  private static func hex(_ bytes: (some Sequence<UInt8>)?) -> String {
    bytes?.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() ?? ""
  }
}
