import GRDB
import Testing

@testable import Store

@Suite struct LimitTests {
  private static let metric = MetricDefinition(
    plugin: "p", name: "m", measures: [Measure(name: "c", kind: .sum, grains: 2)],
    dimensions: [Dimension(name: "cc", meta: "ccs", valueLimit: 2)], subjectLimit: 2,
    dimensionLimit: 2, valueLimit: 3)

  private func names(_ fixture: StoreFixture) throws -> Set<String> {
    Set(
      try fixture.counters().keys.map {
        String($0.dropFirst("1 p.m ".count).split(separator: " ")[0])
      })
  }

  @Test("A subject over the limit counts as other, with its own segments, and the sum stays right")
  func subjects() throws {
    let fixture = try StoreFixture()
    let metric = fixture.set.register(Self.metric)
    for round in 0..<2 {
      for subject in ["a", "b", "c", "d", "a"] {
        fixture.add(try fixture.series(metric, subject: subject), hour: 0, 1)
        let line = try fixture.series(metric, subject: subject, dimension: "cc", value: "DE")
        fixture.add(line, hour: 0, 1)
      }
      try fixture.flush()
      // The second round finds the limit in the file.
      if round == 0 { try fixture.reopen() }
      #expect(fixture.set.register(Self.metric) == metric)
    }
    let found = try fixture.counters()
    #expect(found["1 p.m a// 2 0"]?[0] == 4)
    #expect(found["1 p.m b// 2 0"]?[0] == 2)
    #expect(found["1 p.m [CLY]_other// 2 0"]?[0] == 4)
    #expect(found["1 p.m [CLY]_other/cc/DE 2 0"]?[0] == 4)
    #expect(try names(fixture).count == 6)
    #expect(try fixture.ledger()["1 limit:subject"] == 8)
  }

  @Test("Only dimensions that were not declared are limited, per subject")
  func dimensions() throws {
    let fixture = try StoreFixture()
    let metric = fixture.set.register(Self.metric)
    for _ in 0..<2 {
      for subject in ["a", "b"] {
        for dimension in ["x", "y", "z", "cc", "w"] {
          let line = try fixture.series(metric, subject: subject, dimension: dimension, value: "1")
          fixture.add(line, hour: 0, 1)
        }
      }
      try fixture.flush()
      try fixture.reopen()
      _ = fixture.set.register(Self.metric)
    }
    let expected = ["a", "b"].flatMap { subject in
      ["x/1", "y/1", "cc/1", "[CLY]_other/[CLY]_other"].map { "\(subject)/\($0)" }
    }
    #expect(try names(fixture) == Set(expected))
    #expect(try fixture.counters()["1 p.m a/[CLY]_other/[CLY]_other 2 0"]?[0] == 4)
    #expect(try fixture.ledger() == ["1 limit:dimension": 8])
  }

  @Test("An app has limits of its own, also of declared dimensions that leave theirs to the metric")
  func ofOneApp() throws {
    let fixture = try StoreFixture()
    let app = try fixture.store.createApp(NewApp(name: "a", timezone: "UTC"), nowMs: 0)
    var metric = MetricDefinition(
      plugin: "p", name: "m", measures: [Measure(name: "c", kind: .sum, grains: 2)],
      dimensions: [Dimension(name: "cc", meta: "ccs", valueLimit: 0)], subjectLimit: 3,
      dimensionLimit: 3, valueLimit: 3)
    metric.appLimits = [app.hex: .init(subjects: 1, dimensions: 1, values: 1)]
    let number = fixture.set.register(metric)
    func values(_ app: UInt32) throws -> Int {
      for value in ["A", "B", "C"] {
        let line = try fixture.series(number, app: app, dimension: "cc", value: value)
        fixture.add(line, hour: 0, 1)
      }
      for subject in ["a", "b", "c"] {
        fixture.add(try fixture.series(number, app: app, subject: subject), hour: 0, 1)
      }
      try fixture.flush()
      return try fixture.counters().keys.count { $0.hasPrefix("\(app) ") && $0.contains("other") }
    }
    #expect(try values(app.number) == 2)
    #expect(try values(app.number + 1) == 0)
    #expect(
      try fixture.ledger() == ["\(app.number) limit:value": 2, "\(app.number) limit:subject": 2])
  }

  @Test("Values are limited per year: a new year has room, the old one keeps its values")
  func values() throws {
    let fixture = try StoreFixture()
    let metric = fixture.set.register(Self.metric)
    func line(_ value: String, _ year: Int32) throws -> String {
      let slot = try fixture.series(metric, dimension: "cc", value: value, year: year)
      try fixture.flush()
      let sql = "SELECT value FROM series WHERE id = ?"
      let id = fixture.set.seriesID(slot)
      return try #require(
        try fixture.store.pool.read { try String.fetchOne($0, sql: sql, arguments: [id]) })
    }
    let other = MetricDefinition.other
    #expect(try ["A", "B", "C", "A"].map { try line($0, 2024) } == ["A", "B", other, "A"])
    #expect(try ["C", "D", "B", "C"].map { try line($0, 2025) } == ["C", "D", other, "C"])
    #expect(try ["C", "B"].map { try line($0, 2024) } == [other, "B"])
    // A client that says "other" itself takes nobody's place.
    #expect(try [other, "A", "B"].map { try line($0, 2026) } == [other, "A", "B"])
    let sql = "SELECT year || ' ' || value FROM series_year JOIN series ON id = series ORDER BY 1"
    let years = try fixture.store.pool.read { try String.fetchAll($0, sql: sql) }
    #expect(
      years == [
        "2024 A", "2024 B", "2024 \(other)", "2025 C", "2025 D", "2025 \(other)", "2026 A",
        "2026 B",
        "2026 \(other)",
      ])
    #expect(try fixture.ledger() == ["1 limit:value": 3])
  }

  @Test("What a failed call made leaves no trace: no series, no place taken, no number used")
  func discard() throws {
    let fixture = try StoreFixture()
    let metric = fixture.set.register(Self.metric)
    let kept = try fixture.series(metric, subject: "a")
    let mark = fixture.set.seriesMark
    for subject in ["b", "c", "d"] {
      _ = try fixture.series(metric, subject: subject, dimension: "cc", value: "1", year: 2025)
      _ = try fixture.series(metric, subject: "a", dimension: subject, value: "1", year: 2025)
      _ = try fixture.series(metric, subject: "a", year: 2026)
    }
    fixture.set.discardSeries(since: mark)
    #expect(fixture.set.seriesMark == mark)
    let next = try fixture.series(metric, subject: "c")
    #expect(fixture.set.seriesID(next) == fixture.set.seriesID(kept) + 1)
    for dimension in ["y", "z"] {
      _ = try fixture.series(metric, subject: "a", dimension: dimension, value: "1")
    }
    try fixture.flush()
    let sql = "SELECT subject || '/' || dimension || '/' || value FROM series ORDER BY id"
    let series = try fixture.store.pool.read { try String.fetchAll($0, sql: sql) }
    #expect(series == ["a//", "c//", "a/y/1", "a/z/1"])
    #expect(try fixture.ledger() == [:])
    let years = try fixture.store.pool.read {
      try Int.fetchAll($0, sql: "SELECT year FROM series_year")
    }
    #expect(years == [2025, 2025, 2025, 2025])
  }

  @Test("Names with zero bytes and quotes stay apart")
  func strangeNames() throws {
    let fixture = try StoreFixture()
    let metric = fixture.set.register(Self.metric)
    let subjects = ["a\0b", "a"]
    for subject in subjects {
      fixture.add(try fixture.series(metric, subject: subject), hour: 0, 1)
    }
    try fixture.flush()
    try fixture.reopen()
    _ = fixture.set.register(Self.metric)
    let ids = try subjects.map { fixture.set.seriesID(try fixture.series(metric, subject: $0)) }
    #expect(ids == [1, 2])
  }

  @Test("A collection takes no more documents than its limit, and changes those it has")
  func documents() throws {
    let fixture = try StoreFixture()
    func set(_ key: String, _ body: String) throws {
      try fixture.set.setDocument(
        plugin: 1, app: 1, collection: "c", key: Array(key.utf8), Array(body.utf8), documentLimit: 2
      )
    }
    for key in ["a", "b", "c"] { try set(key, "1") }
    try fixture.flush()
    try fixture.reopen()
    for key in ["c", "b", "d"] { try set(key, "2") }
    try fixture.flush()
    let sql = "SELECT key || CAST(body AS TEXT) FROM document ORDER BY key"
    #expect(try fixture.store.pool.read { try String.fetchAll($0, sql: sql) } == ["a1", "b2"])
    #expect(try fixture.ledger() == ["1 limit:document": 3])
    #expect(
      try fixture.set.document(plugin: 1, app: 1, collection: "c", key: Array("c".utf8)) == nil)
  }

  @Test("Of a capped table only the newest rows of each app and key stay")
  func rows() throws {
    let fixture = try StoreFixture()
    for number in 0..<10 {
      for key in ["k", "l"] {
        try Array(key.utf8).withUnsafeBytes { key in
          try fixture.set.appendRow(
            plugin: 1, app: 1, table: "t", rowsPerKey: key[0] == UInt8(ascii: "k") ? 3 : 0,
            key: key,
            uid: UInt64(number), receivedMs: 1, payload: key)
        }
      }
      if number % 4 == 0 { try fixture.flush() }
    }
    try fixture.flush()
    let sql = "SELECT uid FROM plugin_row WHERE key = ? ORDER BY id"
    let kept = try fixture.store.pool.read { try Int.fetchAll($0, sql: sql, arguments: ["k"]) }
    let all = try fixture.store.pool.read { try Int.fetchAll($0, sql: sql, arguments: ["l"]) }
    #expect(kept == [7, 8, 9])
    #expect(all == Array(0..<10))
  }
}
