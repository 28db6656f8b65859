import GRDB
import Testing

@testable import Store

@Suite("Names, documents, rows and cells")
struct RecordsTests {
  @Test("Subjects come in order of discovery, also those that have no total")
  func subjects() throws {
    let fixture = try ReadingFixture()
    let metric = ExampleMetrics.events
    for subject in ["zebra", "ape"] { try fixture.series(metric, subject: subject) }
    try fixture.series(metric, subject: "lion", dimension: "size", value: "big")
    try fixture.series(metric, subject: "ant")
    try fixture.series(app: 2, metric, subject: "fish")
    try fixture.series(ExampleMetrics.views, subject: "page")
    try fixture.series(metric, subject: "zebra", dimension: "a", value: "1")
    #expect(try fixture.read { try $0.names(metric, app: 1) } == ["zebra", "ape", "lion", "ant"])
    #expect(try fixture.read { try $0.names(metric, app: 3) } == [])
  }

  @Test("Dimensions of a subject come in order of discovery")
  func dimensions() throws {
    let fixture = try ReadingFixture()
    let metric = ExampleMetrics.events
    try fixture.series(metric, subject: "buy")
    for (dimension, value) in [("z", "1"), ("a", "1"), ("z", "0"), ("m", "1")] {
      try fixture.series(metric, subject: "buy", dimension: dimension, value: value)
    }
    try fixture.series(metric, subject: "sell", dimension: "q", value: "1")
    #expect(try fixture.read { try $0.names(metric, app: 1, subject: "buy") } == ["z", "a", "m"])
    let all = try fixture.read { try $0.dimensionsBySubject(metric, app: 1) }
    #expect(all == ["buy": ["z", "a", "m"], "sell": ["q"]])
    // A metric without subjects has dimensions of its own.
    try fixture.series(ExampleMetrics.users, dimension: "cc", value: "DE")
    #expect(try fixture.read { try $0.names(ExampleMetrics.users, app: 1) } == ["cc"])
  }

  @Test("Values of a dimension are those of the period's years")
  func values() throws {
    let fixture = try ReadingFixture()
    let metric = ExampleMetrics.users
    try fixture.series(metric, dimension: "cc", value: "DE", years: [2024])
    try fixture.series(metric, dimension: "cc", value: "FR", years: [2024, 2025])
    try fixture.series(metric, dimension: "cc", value: "AT", years: [2025])
    func values(_ date: String, _ text: String) throws -> [String] {
      try fixture.read {
        try $0.values(metric, app: 1, dimension: "cc", period: .at(date, text))
      }
    }
    #expect(try values("2025-03-14", "30days") == ["FR", "AT"])
    #expect(try values("2025-01-02", "30days") == ["DE", "FR", "AT"])
    #expect(try values("2023-01-02", "hour") == [])
  }

  @Test("Documents are found by key and listed by key")
  func documents() throws {
    let fixture = try ReadingFixture()
    for (plugin, app, collection, key, body) in [
      (7, 1, "groups", "b", "B"), (7, 1, "groups", "a", "A"), (7, 2, "groups", "c", "C"),
      (8, 1, "groups", "d", "D"), (7, 1, "other", "e", "E"),
    ] {
      try fixture.execute(
        "INSERT INTO document VALUES (?, ?, ?, ?, CAST(? AS BLOB))",
        [plugin, app, collection, key, body])
    }
    let list = try fixture.read { try $0.documents(plugin: 7, app: 1, collection: "groups") }
    #expect(
      list == [
        StoredDocument(key: "a", body: Array("A".utf8)),
        StoredDocument(key: "b", body: Array("B".utf8)),
      ])
    let one = try fixture.read {
      try $0.document(plugin: 7, app: 1, collection: "groups", key: "b")
    }
    #expect(one == Array("B".utf8))
    #expect(
      try fixture.read { try $0.document(plugin: 7, app: 1, collection: "groups", key: "d") } == nil
    )
  }

  @Test("Rows come newest first, of one key or all, up to the limit")
  func rows() throws {
    let fixture = try ReadingFixture()
    for (id, app, table, key) in [
      (1, 1, "log", "x"), (2, 1, "log", "y"), (3, 2, "log", "x"), (4, 1, "log", "x"),
      (5, 1, "etc", "x"),
    ] {
      try fixture.execute(
        "INSERT INTO plugin_row VALUES (?, 7, ?, ?, ?, 40 + ?, 1000 + ?, x'0041')",
        [id, app, table, key, id, id])
    }
    func received(_ key: String, _ limit: Int) throws -> [Int64] {
      try fixture.read {
        try $0.rows(plugin: 7, app: 1, table: "log", key: key, limit: limit).map(\.receivedMs)
      }
    }
    #expect(try received("", 10) == [1_004, 1_002, 1_001])
    #expect(try received("", 2) == [1_004, 1_002])
    #expect(try received("x", 10) == [1_004, 1_001])
    #expect(try received("x", 0) == [])
    let first = try fixture.read { try $0.rows(plugin: 7, app: 1, table: "log", limit: 1) }
    #expect(first == [StoredRow(key: "x", user: 44, receivedMs: 1_004, payload: [0, 0x41])])
  }

  @Test("The newest rows are found without looking at the others", arguments: [true, false])
  func newestRows(hasKey: Bool) throws {
    let fixture = try ReadingFixture()
    let steps = try fixture.pool.read { database in
      try Row.fetchAll(
        database, sql: "EXPLAIN QUERY PLAN " + Snapshot.rowsSQL(hasKey: hasKey),
        arguments: hasKey ? [7, 1, "log", "x", 2] : [7, 1, "log", 2]
      ).map { $0["detail"] as String }
    }
    #expect(steps.count == 1, "\(steps)")
    #expect(steps.first?.hasPrefix("SEARCH plugin_row USING INDEX") == true, "\(steps)")
  }

  @Test("A cell belongs to one plugin, app and user")
  func cells() throws {
    let fixture = try ReadingFixture()
    let key = CellKey(app: 1, user: 9, plugin: 3).rawValue
    try fixture.execute("INSERT INTO cell(id, data) VALUES (?, x'010203')", [key])
    try fixture.execute(
      "INSERT INTO cell(id, seen) VALUES (?, x'01')", [CellKey(app: 1, user: 9, plugin: 4).rawValue]
    )
    #expect(try fixture.read { try $0.cell(plugin: 3, app: 1, user: 9) } == [1, 2, 3])
    #expect(try fixture.read { try $0.cell(plugin: 4, app: 1, user: 9) } == nil)
    #expect(try fixture.read { try $0.cell(plugin: 3, app: 1, user: 8) } == nil)
    #expect(try fixture.read { try $0.cell(plugin: 3, app: 2, user: 9) } == nil)
    #expect(try fixture.read { try $0.cell(plugin: 3, app: 1, user: .max) } == nil)
  }

  @Test("One snapshot does not see what is committed while it is open")
  func consistency() throws {
    let fixture = try ReadingFixture()
    let metric = ExampleMetrics.users
    let series = try fixture.series(metric)
    try fixture.counter(series, .day, ordinal("2025-03-14"), [1])
    let period = Period.at("2025-03-14", "hour")
    try fixture.read { snapshot in
      let before = try snapshot.document(metric, app: 1, period: period)
      try fixture.counter(series, .day, ordinal("2025-03-13"), [1])
      #expect(try snapshot.document(metric, app: 1, period: period) == before)
    }
    #expect(try fixture.document(metric, period: period).contains("\"13\""))
  }
}
