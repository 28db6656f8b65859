import GRDB

/// What one plugin keeps in the store.
package struct PluginStorage: Codable, Equatable, Sendable {
  package var cells = 0
  package var documents = 0
  package var rows = 0
  package var series = 0
  /// Content, without the pages around it. Counters, which many plugins share pages with, are not
  /// in it; `series` says how many values are counted.
  package var bytes = 0

  package init() {}
}

extension Store {
  /// What every plugin keeps. Visits every row of the main file but counters: not for the thread of
  /// a question.
  package func storageOfPlugins() throws(StoreError) -> [String: PluginStorage] {
    try look { db in
      let names = Dictionary(
        try Row.fetchAll(db, sql: "SELECT id, name FROM plugin").map {
          ($0["id"] as Int, $0["name"] as String)
        }, uniquingKeysWith: { first, _ in first })
      var found: [String: PluginStorage] = [:]
      func add(
        _ sql: String, _ place: WritableKeyPath<PluginStorage, Int>
      ) throws {
        for row in try Row.fetchAll(db, sql: sql) {
          guard let name = names[row["plugin"]] else { continue }
          found[name, default: PluginStorage()][keyPath: place] += row["n"] as Int
          found[name, default: PluginStorage()].bytes += row["bytes"] as Int
        }
      }
      try add(
        """
        SELECT id & \(CellKey.pluginMax) AS plugin, count(*) AS n,
          sum(coalesce(length(data), 0) + coalesce(length(seen), 0)) AS bytes FROM cell GROUP BY 1
        """, \.cells)
      try add(
        """
        SELECT plugin, count(*) AS n, sum(length(key) + coalesce(length(body), 0)) AS bytes
        FROM document GROUP BY 1
        """, \.documents)
      try add(
        """
        SELECT plugin, count(*) AS n, sum(length(key) + coalesce(length(payload), 0)) AS bytes
        FROM plugin_row GROUP BY 1
        """, \.rows)
      // The name of a metric begins with its plugin's name and a dot.
      for name in names.values {
        let sql = """
          SELECT count(*) AS n, coalesce(sum(length(subject) + length(value)), 0) AS bytes
          FROM series WHERE metric >= ? AND metric < ?
          """
        guard let row = try Row.fetchOne(db, sql: sql, arguments: [name + ".", name + "/"]),
          (row["n"] as Int) > 0
        else { continue }
        found[name, default: PluginStorage()].series = row["n"]
        found[name, default: PluginStorage()].bytes += row["bytes"] as Int
      }
      return found
    }
  }
}
