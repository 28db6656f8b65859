import Testing

@testable import Store

@Suite struct CounterTests {
  private static let all = Grain.all
  private static let hour = Int32(20_000 * 24 + 5)

  private static let metric = MetricDefinition(
    plugin: "p", name: "m",
    measures: [
      Measure(name: "t", kind: .sum, grains: 1 | 2 | 16),
      Measure(name: "u", kind: .unique, grains: all),
      Measure(name: "n", kind: .new, grains: 1 | 2),
      Measure(name: "low", kind: .minimum, grains: 2),
      Measure(name: "high", kind: .maximum, grains: 2 | 32),
    ],
    dimensions: [
      Dimension(name: "cc", meta: "ccs", valueLimit: 10, measures: 0b011),
      Dimension(name: "f", meta: "fs", valueLimit: 10, measures: 0b101, grains: 4 | 32),
    ], dimensionLimit: 5, valueLimit: 5)

  private func key(_ line: String, _ grain: Grain) -> String {
    "1 p.m \(line) \(grain.rawValue) \(grain.bucket(ofHour: Self.hour))"
  }

  @Test("A total is stored in the grains its measures declare")
  func total() throws {
    let fixture = try StoreFixture()
    let line = try fixture.series(fixture.set.register(Self.metric))
    fixture.add(line, hour: Self.hour, 3, 0, 0, 7, 8)
    fixture.add(line, hour: Self.hour, 4, 0, 0, 5, 2)
    try fixture.flush()
    let found = try fixture.counters()
    let expected: [Grain: [Int64]] = [
      .hour: [7, 0, 0, 0, 0, 0, 0, 0], .day: [7, 0, 0, 5, 8, 0, 0, 0],
      .month: [7, 0, 0, 0, 0, 0, 0, 0], .year: [0, 0, 0, 0, 8, 0, 0, 0],
    ]
    #expect(
      found == Dictionary(uniqueKeysWithValues: expected.map { (key("//", $0.key), $0.value) }))
  }

  @Test("UNIQUE counts in the grains where the user is new, NEW in all of its own")
  func unique() throws {
    let fixture = try StoreFixture()
    let line = try fixture.series(fixture.set.register(Self.metric))
    fixture.set.addUnique(series: line, user: 1, grains: 2 | 4, hour: Self.hour, firstTime: true)
    fixture.set.addUnique(series: line, user: 1, grains: 32, hour: Self.hour, firstTime: false)
    fixture.set.addUnique(series: line, user: 1, grains: 0, hour: Self.hour, firstTime: false)
    try fixture.flush()
    let found = try fixture.counters()
    #expect(found[key("//", .hour)] == [0, 0, 1, 0, 0, 0, 0, 0])
    #expect(found[key("//", .day)] == [0, 1, 1, 0, 0, 0, 0, 0])
    #expect(found[key("//", .week)] == [0, 1, 0, 0, 0, 0, 0, 0])
    #expect(found[key("//", .year)] == [0, 1, 0, 0, 0, 0, 0, 0])
    #expect(found.count == 4)
  }

  @Test("A dimension has no hours; it may leave measures out and have grains of its own")
  func dimensions() throws {
    let fixture = try StoreFixture()
    let metric = fixture.set.register(Self.metric)
    for (dimension, value) in [("cc", "DE"), ("f", "3"), ("free", "x")] {
      let line = try fixture.series(metric, dimension: dimension, value: value)
      fixture.add(line, hour: Self.hour, 2, 0, 0, 9, 9)
      fixture.set.addUnique(
        series: line, user: 1, grains: Grain.all, hour: Self.hour, firstTime: true)
    }
    try fixture.flush()
    let found = try fixture.counters()
    #expect(
      Set(found.keys.filter { $0.contains("/cc/DE") })
        == Set(
          [Grain.day, .week, .isoWeek, .month, .year].map { key("/cc/DE", $0) }))
    #expect(found[key("/cc/DE", .day)] == [2, 1, 0, 0, 0, 0, 0, 0])
    #expect(
      Set(found.keys.filter { $0.contains("/f/3") }) == [key("/f/3", .week), key("/f/3", .year)])
    #expect(found[key("/f/3", .week)] == [2, 0, 1, 0, 0, 0, 0, 0])
    #expect(found[key("/free/x", .day)] == [2, 1, 1, 9, 9, 0, 0, 0])
    #expect(found[key("/free/x", .hour)] == nil)
  }

  @Test(
    "Sums stop at 2^53, in memory and in the file; the smallest and largest come through flushes")
  func merging() throws {
    let fixture = try StoreFixture()
    let line = try fixture.series(fixture.set.register(Self.metric))
    for (sum, low, high) in [
      (Int64.max, Int64(-4), Int64(-4)), (5, 6, -9), (0, 0, 0), (1 << 52, -7, 1),
    ] {
      fixture.add(line, hour: Self.hour, sum, 0, 0, low, high)
      fixture.add(line, hour: Self.hour, 1, 0, 0, 0, 0)
      try fixture.flush()
    }
    let found = try fixture.counters()
    #expect(found[key("//", .day)] == [1 << 53, 0, 0, -7, 1, 0, 0, 0])
    let other = try fixture.series(fixture.set.register(Self.metric), dimension: "cc", value: "FR")
    for _ in 0..<3 {
      fixture.add(other, hour: Self.hour, -(1 << 53))
      try fixture.flush()
    }
    #expect(try fixture.counters()[key("/cc/FR", .day)]?[0] == -(1 << 53))
  }

  @Test("Many keys are combined as a dictionary combines them")
  func combine() {
    var generator = SplitMix(seed: 5)
    var table = CounterTable(hash: ByteHash(seed: 1))
    var model: [UInt64: Int64] = [:]
    for _ in 0..<50_000 {
      let series = Int64.random(in: 0...4_000, using: &generator)
      let bucket = Int32.random(in: -3...3, using: &generator)
      let key = CounterKey(series: series, grainIndex: 4, bucket: bucket)
      #expect(key.series == series && key.grain == 16 && key.bucket == Int64(bucket))
      table.combine(table.values(key, shape: 0, measures: 2) + 1, .sum, 3)
      model[key.rawValue, default: 0] += 3
    }
    let rows = table.take(shapes: [])
    #expect(rows.rows.map(\.key.rawValue) == model.keys.sorted())
    for row in rows.rows { #expect(rows.values[Int(row.values) + 1] == model[row.key.rawValue]) }
    #expect(table.count == 0)
  }
}
