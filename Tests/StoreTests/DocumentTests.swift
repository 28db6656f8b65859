import Testing

@testable import Store

@Suite("The nested time document")
struct DocumentTests {
  private let metric = ExampleMetrics.users

  /// The example of the reference, 2.1: one user with two sessions on 2025-03-14.
  private func referenceExample() throws -> ReadingFixture {
    let fixture = try ReadingFixture()
    let day = ordinal("2025-03-14")
    let total = try fixture.series(metric)
    try fixture.counter(total, .hour, day * 24 + 9, [1, 1, 1, 0, 2])
    try fixture.counter(total, .hour, day * 24 + 10, [1, 0, 1, 60, 2])
    try fixture.counter(total, .day, day, [2, 1, 1, 60, 4])
    for (grain, bucket) in [
      (Grain.week, 202_511), (.isoWeek, 202_511), (.month, 202_503), (.year, 2_025),
    ] {
      try fixture.counter(total, grain, Int32(bucket), [0, 0, 1])
    }
    let unknown = try fixture.series(metric, dimension: "cc", value: "Unknown")
    try fixture.counter(unknown, .day, day, [2, 1, 1])
    for (grain, bucket) in [(Grain.week, 202_511), (.month, 202_503), (.year, 2_025)] {
      try fixture.counter(unknown, grain, Int32(bucket), [0, 0, 1])
    }
    for (dimension, value) in [("f", "0"), ("f", "1"), ("ds", "2")] {
      let series = try fixture.series(metric, dimension: dimension, value: value)
      try fixture.counter(series, .day, day, [1])
      try fixture.counter(series, .week, 202_511, [1])
    }
    return fixture
  }

  @Test("The reference's example comes out as it stands there")
  func referenceDocument() throws {
    let measures =
      #""t":2,"n":1,"u":1,"d":60,"e":4,"f":{"0":1,"1":1},"ds":{"2":1},"#
      + #""Unknown":{"t":2,"n":1,"u":1}"#
    let hours = #""9":{"t":1,"n":1,"u":1,"e":2},"10":{"t":1,"u":1,"d":60,"e":2}"#
    let week = #""w11":{"u":1,"f":{"0":1,"1":1},"ds":{"2":1},"Unknown":{"u":1}}"#
    let meta = #""meta":{"f-ranges":["0","1"],"d-ranges":["2"],"countries":["Unknown"]}"#
    let expected =
      #"{"2025":{"3":{"14":{\#(hours),\#(measures)},\#(measures)},\#(measures),\#(week)},\#(meta)}"#
    #expect(
      try referenceExample().document(metric, period: .at("2025-03-14", "30days")) == expected)
  }

  @Test("Without data the document is exactly {}")
  func nothing() throws {
    let fixture = try ReadingFixture()
    let period = Period.at("2025-03-14", "30days")
    #expect(try fixture.document(metric, period: period) == "{}")
    // A series without a counter in the range, and counters that are zero, are nothing too.
    let total = try fixture.series(metric)
    try fixture.series(metric, dimension: "cc", value: "DE")
    try fixture.counter(total, .day, ordinal("2024-06-01"), [5, 5, 5])
    try fixture.counter(total, .day, ordinal("2025-03-01"), [0, 0, 0, 0, 0])
    #expect(try fixture.document(metric, period: period) == "{}")
    #expect(try fixture.document(metric, dimension: "cc", period: period) == "{}")
  }

  @Test("Another app, metric or subject is not mixed in")
  func isolation() throws {
    let fixture = try ReadingFixture()
    let day = ordinal("2025-03-14")
    let other = try fixture.series(app: 2, metric)
    try fixture.counter(other, .day, day, [7])
    let event = try fixture.series(ExampleMetrics.events, subject: "buy")
    try fixture.counter(event, .day, day, [7])
    let period = Period.at("2025-03-14", "30days")
    #expect(try fixture.document(metric, period: period) == "{}")
    #expect(try fixture.document(ExampleMetrics.events, subject: "view", period: period) == "{}")
    #expect(
      try fixture.document(ExampleMetrics.events, subject: "buy", period: period)
        == #"{"2025":{"3":{"14":{"c":7},"c":7},"c":7},"meta":{}}"#)
  }

  @Test("A range over new year returns both years, each with its own sums and uniques")
  func yearBoundary() throws {
    let fixture = try ReadingFixture()
    let total = try fixture.series(metric)
    try fixture.counter(total, .day, ordinal("2024-12-31"), [3, 1, 2])
    try fixture.counter(total, .day, ordinal("2025-01-01"), [5, 0, 4])
    try fixture.counter(total, .month, 202_412, [0, 0, 2])
    try fixture.counter(total, .month, 202_501, [0, 0, 4])
    try fixture.counter(total, .year, 2_024, [0, 0, 9])
    try fixture.counter(total, .year, 2_025, [0, 0, 4])
    try fixture.counter(total, .week, 202_452, [0, 0, 1])
    try fixture.counter(total, .week, 202_453, [0, 0, 2])
    try fixture.counter(total, .week, 202_501, [0, 0, 4])
    let expected =
      #"{"2024":{"12":{"31":{"t":3,"n":1,"u":2},"t":3,"n":1,"u":2},"#
      + #""t":3,"n":1,"u":9,"w52":{"u":1},"w53":{"u":2}},"#
      + #""2025":{"1":{"1":{"t":5,"u":4},"t":5,"u":4},"t":5,"u":4,"w1":{"u":4}}}"#
    let period = Period.at("2025-01-01", "7days")
    #expect(try fixture.document(metric, period: period, options: .withoutMeta) == expected)
  }

  @Test("Whole months of the current and the previous period are returned, and no others")
  func monthsReturned() throws {
    let fixture = try ReadingFixture()
    let total = try fixture.series(metric)
    for date in ["2025-01-01", "2025-02-01", "2025-03-31", "2025-04-01"] {
      try fixture.counter(total, .day, ordinal(date), [1])
    }
    // On 2025-03-14 the last 14 days reach to the first, and the 14 before into February.
    let text = try fixture.document(
      metric, period: .at("2025-03-14", "14days"), options: .withoutMeta)
    #expect(
      text == #"{"2025":{"2":{"1":{"t":1},"t":1},"3":{"31":{"t":1},"t":1},"t":2}}"#)
  }

  @Test("Weeks are those that the returned months touch")
  func weeksReturned() throws {
    let fixture = try ReadingFixture()
    let total = try fixture.series(metric)
    try fixture.counter(total, .day, ordinal("2025-03-14"), [1])
    // March of 2025 is day 60 to 90: weeks 9 to 13.
    for week in Int32(202_501)...202_553 { try fixture.counter(total, .week, week, [0, 0, 1]) }
    let text = try fixture.document(
      metric, period: .at("2025-03-20", "2days"), options: .withoutMeta)
    #expect(
      text
        == #"{"2025":{"3":{"14":{"t":1},"t":1},"t":1,"#
        + (9...13).map { #""w\#($0)":{"u":1}"# }.joined(separator: ",") + "}}")
  }

  @Test("A repeated hour is one object and a skipped one is missing, and the day adds up")
  func clockChanges() throws {
    let fixture = try ReadingFixture()
    let total = try fixture.series(metric)
    let berlin = try LocalCalendar(identifier: "Europe/Berlin")
    // Half past each hour of UTC through both days; the writer adds up what shares a bucket.
    for date in ["2024-03-31", "2024-10-27"] {
      var hours: [Int32: Int64] = [:]
      let day = ordinal(date)
      for ms in stride(
        from: berlin.startMs(ofDay: day), to: berlin.startMs(ofDay: day + 1), by: 3_600_000)
      {
        hours[berlin.hour(ofMs: ms + 1_800_000), default: 0] += 1
      }
      for (hour, count) in hours { try fixture.counter(total, .hour, hour, [count]) }
      try fixture.counter(total, .day, day, [hours.values.reduce(0, +)])
    }
    let spring = try fixture.document(
      metric,
      period: Period(text: "hour", nowMs: milliseconds("2024-03-31", hour: 12), calendar: berlin),
      options: .withoutMeta)
    let labels = [0, 1] + Array(3...23)
    let hours = labels.map { #""\#($0)":{"t":1}"# }.joined(separator: ",")
    #expect(spring == #"{"2024":{"3":{"31":{\#(hours),"t":23},"t":23},"t":23}}"#)
    let autumn = try fixture.document(
      metric,
      period: Period(text: "hour", nowMs: milliseconds("2024-10-27", hour: 12), calendar: berlin),
      options: .withoutMeta)
    #expect(autumn.contains(#""27":{"0":{"t":1},"1":{"t":1},"2":{"t":2},"3":{"t":1}"#))
    #expect(autumn.hasSuffix(#""23":{"t":1},"t":25},"t":25},"t":25}}"#))
  }

  @Test("Values stand in order of discovery, each with its own sums")
  func severalValues() throws {
    let fixture = try ReadingFixture()
    let german = try fixture.series(metric, dimension: "cc", value: "DE")
    let french = try fixture.series(metric, dimension: "cc", value: "FR")
    let american = try fixture.series(metric, dimension: "cc", value: "AT", years: [2024])
    for (date, values) in [("2025-03-01", [1, 0, 1]), ("2025-03-02", [4, 2, 3])]
      as [(String, [Int64])]
    {
      try fixture.counter(french, .day, ordinal(date), values)
    }
    try fixture.counter(german, .day, ordinal("2025-03-02"), [6, 6, 6])
    try fixture.counter(american, .day, ordinal("2024-03-02"), [1, 1, 1])
    try fixture.counter(french, .month, 202_503, [0, 0, 3])
    try fixture.counter(german, .month, 202_503, [0, 0, 6])
    let expected =
      #"{"2025":{"3":{"1":{"FR":{"t":1,"u":1}},"#
      + #""2":{"DE":{"t":6,"n":6,"u":6},"FR":{"t":4,"n":2,"u":3}},"#
      + #""DE":{"t":6,"n":6,"u":6},"FR":{"t":5,"n":2,"u":3}},"#
      + #""DE":{"t":6,"n":6},"FR":{"t":5,"n":2}},"#
      + #""meta":{"countries":["DE","FR"]}}"#
    #expect(try fixture.document(metric, period: .at("2025-03-14", "7days")) == expected)
  }

  @Test("Values of two dimensions with one text are one value")
  func sharedText() throws {
    let shared = MetricDefinition(
      plugin: "users", name: "details",
      measures: [Measure(name: "t", kind: .sum, grains: Grain.day.rawValue)],
      dimensions: [
        Dimension(name: "os", meta: "os", valueLimit: 9),
        Dimension(name: "res", meta: "resolutions", valueLimit: 9),
      ])
    let fixture = try ReadingFixture()
    let day = ordinal("2025-03-14")
    for (dimension, value) in [("os", "Unknown"), ("res", "1x1"), ("res", "Unknown")] {
      try fixture.counter(
        try fixture.series(shared, dimension: dimension, value: value), .day, day, [2])
    }
    let level = #""Unknown":{"t":4},"1x1":{"t":2}"#
    let meta = #""meta":{"os":["Unknown"],"resolutions":["1x1","Unknown"]}"#
    #expect(
      try fixture.document(shared, period: .at("2025-03-14", "7days"))
        == #"{"2025":{"3":{"14":{\#(level)},\#(level)},\#(level)},\#(meta)}"#
    )
  }

  @Test("A value whose text is a key of the document is marked, in meta too")
  func reservedTexts() throws {
    let fixture = try ReadingFixture()
    let day = ordinal("2025-03-14")
    for value in ["t", "f", "14", "0", "w11", "007", "32", "w54", "[CLY]1"] {
      try fixture.counter(try fixture.series(metric, dimension: "cc", value: value), .day, day, [1])
    }
    let names = ["[CLY]t", "[CLY]f", "[CLY]14", "[CLY]0", "[CLY]w11", "007", "32", "w54", "[CLY]1"]
    let level = names.map { #""\#($0)":{"t":1}"# }.joined(separator: ",")
    let list = names.map { #""\#($0)""# }.joined(separator: ",")
    #expect(
      try fixture.document(metric, period: .at("2025-03-14", "7days"))
        == #"{"2025":{"3":{"14":{\#(level)},\#(level)},\#(level)},"meta":{"countries":[\#(list)]}}"#
    )
  }

  @Test("Views have weeks from Monday to Sunday, under the year of their Thursday")
  func isoWeeks() throws {
    let fixture = try ReadingFixture()
    let metric = ExampleMetrics.views
    let home = try fixture.series(metric, subject: "home")
    try fixture.counter(home, .day, ordinal("2024-12-30"), [2, 1])
    try fixture.counter(home, .isoWeek, 202_501, [0, 1])
    try fixture.counter(home, .year, 2_024, [0, 1])
    #expect(
      try fixture.document(metric, subject: "home", period: .at("2024-12-31", "7days"))
        == #"{"2024":{"12":{"30":{"t":2,"u":1},"t":2},"t":2,"u":1},"#
        + #""2025":{"w1":{"u":1}},"meta":{}}"#
    )
  }

  @Test("A measure of months alone has no days, and extremes pass upwards as extremes")
  func otherKinds() throws {
    let metric = MetricDefinition(
      plugin: "x", name: "y",
      measures: [
        Measure(name: "m", kind: .sum, grains: Grain.month.rawValue),
        Measure(name: "low", kind: .minimum, grains: Grain.day.rawValue),
        Measure(name: "high", kind: .maximum, grains: Grain.day.rawValue),
      ])
    let fixture = try ReadingFixture()
    let series = try fixture.series(metric)
    try fixture.counter(series, .day, ordinal("2025-02-27"), [0, 4, 0])
    try fixture.counter(series, .day, ordinal("2025-02-28"), [0, 7, 9])
    try fixture.counter(series, .day, ordinal("2025-03-01"), [0, 0, 5])
    try fixture.counter(series, .month, 202_502, [10, 0, 0])
    try fixture.counter(series, .month, 202_503, [20, 0, 0])
    #expect(
      try fixture.document(metric, period: .at("2025-03-14", "day"), options: .withoutMeta)
        == #"{"2025":{"2":{"27":{"low":4},"28":{"low":7,"high":9},"m":10,"low":4,"high":9},"#
        + #""3":{"1":{"high":5},"m":20,"high":5},"m":30,"low":4,"high":9}}"#)
  }

  @Test("A refresh returns today and the buckets that hold it, without sums over one day")
  func refresh() throws {
    let fixture = try referenceExample()
    let total: Int64 = 1
    try fixture.counter(total, .day, ordinal("2025-03-13"), [9, 9, 9])
    let text = try fixture.document(
      metric, period: .at("2025-03-14", "30days"), options: [.todayOnly, .withoutMeta])
    let day =
      #""t":2,"n":1,"u":1,"d":60,"e":4,"f":{"0":1,"1":1},"ds":{"2":1},"#
      + #""Unknown":{"t":2,"n":1,"u":1}"#
    #expect(
      text.contains(
        #""14":{"9":{"t":1,"n":1,"u":1,"e":2},"10":{"t":1,"u":1,"d":60,"e":2},\#(day)}"#))
    #expect(text.contains(#""u":1,"Unknown":{"u":1}},"u":1,"Unknown":{"u":1},"w11":{"u":1"#))
    #expect(!text.contains("\"13\""))
  }
}
