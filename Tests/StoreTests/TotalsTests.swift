import Testing

@testable import Store

@Suite("Totals over a period")
struct TotalsTests {
  private let users = ExampleMetrics.users

  private func total(_ fixture: ReadingFixture, _ period: Period) throws -> SeriesTotal? {
    try fixture.read { try $0.totals(users, app: 1, period: period) }.first
  }

  @Test("Sums come from whole months and the days around them")
  func sums() throws {
    let fixture = try ReadingFixture()
    let series = try fixture.series(users)
    // The days inside February say something else than its bucket: they must not be read.
    try fixture.counter(series, .month, 202_502, [100, 0, 0, 1_000, 10])
    try fixture.counter(series, .day, ordinal("2025-02-10"), [7, 0, 0, 7, 7])
    for (date, count) in [
      ("2025-01-30", 1), ("2025-01-31", 2), ("2025-03-01", 4), ("2025-03-03", 8),
    ] {
      try fixture.counter(series, .day, ordinal(date), [Int64(count), 0, 0, 0, 1])
    }
    let period = Period.at("2025-03-14", "[\"31-01-2025\",\"02-03-2025\"]")
    #expect(try total(fixture, period)?.measures == [106, 0, 0, 1_000, 12])
  }

  @Test("Unique users are the smaller of two covers, never a sum over days")
  func uniques() throws {
    let fixture = try ReadingFixture()
    let series = try fixture.series(users)
    // Monday 2025-03-03 to Tuesday 2025-03-11: one week and two days, or two weeks.
    for date in ["2025-03-03", "2025-03-04", "2025-03-10", "2025-03-11"] {
      try fixture.counter(series, .day, ordinal(date), [10, 1, 5])
    }
    try fixture.counter(series, .isoWeek, 202_510, [0, 0, 6])
    try fixture.counter(series, .isoWeek, 202_511, [0, 0, 7])
    let period = Period.at("2025-03-11", "9days")
    // 6 + 5 + 5 against 6 + 7.
    let found = try #require(try total(fixture, period))
    #expect(found.measures == [40, 4, 13, 0, 0])
    #expect(found.accuracy == .upperBound)
    try fixture.execute("UPDATE counter SET m2 = 60 WHERE bucket = 202511")
    #expect(try total(fixture, period)?.measures[2] == 16)
  }

  @Test("Uniques are at least the new users and at most the sessions")
  func clamps() throws {
    let fixture = try ReadingFixture()
    let series = try fixture.series(users)
    try fixture.counter(series, .day, ordinal("2025-03-10"), [3, 2, 2])
    try fixture.counter(series, .day, ordinal("2025-03-11"), [3, 3, 1])
    try fixture.counter(series, .isoWeek, 202_511, [0, 0, 3])
    let period = Period.at("2025-03-11", "2days")
    #expect(try total(fixture, period)?.measures[2] == 5)
    try fixture.execute("UPDATE counter SET m1 = 0, m2 = 9")
    #expect(try total(fixture, period)?.measures[2] == 6)
  }

  @Test("A calendar month and year are read from their own buckets and are no estimate")
  func exactBuckets() throws {
    let fixture = try ReadingFixture()
    let series = try fixture.series(users)
    try fixture.counter(series, .month, 202_503, [50, 0, 20])
    try fixture.counter(series, .month, 202_502, [50, 0, 20])
    try fixture.counter(series, .year, 2_025, [0, 0, 30])
    let month = try #require(try total(fixture, .at("2025-03-14", "day")))
    #expect(month.measures[0] == 50 && month.measures[2] == 20)
    #expect(month.accuracy == .exact)
    let year = try #require(try total(fixture, .at("2025-03-14", "month")))
    #expect(year.measures[0] == 100 && year.measures[2] == 30)
    #expect(year.accuracy == .exact)
  }

  @Test("Values come largest first, equal ones in order of discovery, empty ones not at all")
  func values() throws {
    let fixture = try ReadingFixture()
    for (value, count) in [("DE", 2), ("FR", 5), ("AT", 2), ("IT", 0)] as [(String, Int64)] {
      let series = try fixture.series(users, dimension: "cc", value: value)
      try fixture.counter(series, .day, ordinal("2025-03-14"), [count, 0, count])
    }
    let found = try fixture.read {
      try $0.totals(users, app: 1, dimension: "cc", period: .at("2025-03-14", "7days"))
    }
    #expect(found.map(\.name) == ["FR", "DE", "AT"])
    #expect(found.map { $0.measures[0] } == [5, 2, 2])
  }

  @Test("Subjects are lines of their own, without what their segments hold")
  func subjects() throws {
    let fixture = try ReadingFixture()
    let metric = ExampleMetrics.events
    for (subject, count) in [("view", 3), ("buy", 9)] as [(String, Int64)] {
      let series = try fixture.series(metric, subject: subject)
      try fixture.counter(series, .day, ordinal("2025-03-14"), [count, count * 100_000])
      let segment = try fixture.series(metric, subject: subject, dimension: "d", value: "v")
      try fixture.counter(segment, .day, ordinal("2025-03-14"), [1_000])
    }
    let found = try fixture.read {
      try $0.totalsBySubject(metric, app: 1, period: .at("2025-03-14", "hour"))
    }
    #expect(found.map(\.name) == ["buy", "view"])
    #expect(found.map(\.measures) == [[9, 900_000, 0], [3, 300_000, 0]])
    let one = try fixture.read {
      try $0.totals(metric, app: 1, subject: "view", period: .at("2025-03-14", "hour"))
    }
    #expect(one == [SeriesTotal(name: "view", measures: [3, 300_000, 0], accuracy: .exact)])
  }

  @Test("A measure kept by hours alone is summed from them")
  func hoursOnly() throws {
    let metric = MetricDefinition(
      plugin: "x", name: "y",
      measures: [Measure(name: "t", kind: .sum, grains: Grain.hour.rawValue)])
    let fixture = try ReadingFixture()
    let series = try fixture.series(metric)
    let day = ordinal("2025-03-13")
    for hour in [day * 24 - 1, day * 24, day * 24 + 23, day * 24 + 24] {
      try fixture.counter(series, .hour, hour, [1])
    }
    let found = try fixture.read {
      try $0.totals(metric, app: 1, period: .at("2025-03-14", "yesterday"))
    }
    #expect(found.map(\.measures) == [[2]])
    let text = try fixture.document(
      metric, period: .at("2025-03-14", "yesterday"), options: .withoutMeta)
    #expect(text.contains(#""13":{"0":{"t":1},"23":{"t":1},"t":2}"#))
    #expect(text.hasSuffix(#""t":4},"t":4}}"#))
  }
}
