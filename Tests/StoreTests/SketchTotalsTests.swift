import GRDB
import Testing

@testable import Store

/// Users of any days, from what hooks count to what is answered.
struct SketchTotalsTests {
  private static let metric = MetricDefinition(
    plugin: "p", name: "users",
    measures: [
      Measure(name: "t", kind: .sum, grains: 1 | 2 | 16),
      Measure(name: "n", kind: .new, grains: 1 | 2 | 16),
      Measure(name: "u", kind: .unique, grains: Grain.all),
    ], dimensions: [Dimension(name: "cc", meta: "ccs", valueLimit: 10)])
  private static let subjects = MetricDefinition(
    plugin: "p", name: "views", measures: metric.measures, subjectLimit: 10)

  private let fixture: StoreFixture
  private let number: Int
  private let line: Int32

  init() throws {
    fixture = try StoreFixture()
    number = fixture.set.register(Self.metric)
    line = try fixture.series(number)
  }

  /// Users in a series on a day, as a hook would count them.
  private func see(_ users: some Sequence<Int>, on date: String, _ line: Int32? = nil) throws {
    try see(users, day: ordinal(date), line ?? self.line)
  }

  private func see(_ users: some Sequence<Int>, day: Int32, _ line: Int32) throws {
    let hour = day * 24 + 9
    for name in users {
      let user = try fixture.user("d\(name)")
      var seen = try fixture.set.seen(user: user.slot, plugin: 1)
      let grains = seen.insert(series: fixture.set.seriesID(line), hour: hour)
      try fixture.set.setSeen(user: user.slot, plugin: 1, seen)
      fixture.add(line, hour: hour, 1, 0, 0)
      fixture.set.addUnique(
        series: line, user: user.uid, grains: grains, hour: hour, firstTime: false)
    }
  }

  private func total(
    _ period: String, at date: String = "2025-03-20", dimension: String? = nil
  ) throws -> SeriesTotal? {
    try fixture.store.read {
      try $0.totals(Self.metric, app: 1, dimension: dimension, period: .at(date, period)).first
    }
  }

  private func sketches() throws -> Int {
    try fixture.store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sketch") ?? 0 }
  }

  @Test("Users of a free range are counted exactly while they are few, over commits and restarts")
  func exact() throws {
    try see(1...5, on: "2025-03-10")
    try fixture.flush()
    try see([4, 5, 6, 6], on: "2025-03-12")
    try see([2, 9], on: "2025-03-10")
    try fixture.flush()
    let range = #"["10-03-2025","12-03-2025"]"#
    #expect(try total(range)?.measures[2] == 7)
    #expect(try total(range)?.accuracy == .exact)
    #expect(try total(#"["11-03-2025","13-03-2025"]"#)?.measures[2] == 3)
    #expect(try sketches() == 2)
    try fixture.reopen()
    #expect(try total(range)?.measures[2] == 7)
  }

  @Test("Many users are estimated, with the error said, and a day's own bucket stays exact")
  func estimated() throws {
    try see(1...1_500, on: "2025-03-10")
    try see(1_000...2_499, on: "2025-03-12")
    try fixture.flush()
    let found = try #require(try total(#"["10-03-2025","12-03-2025"]"#))
    #expect(found.accuracy == .estimate(standardError: UserSketch.standardError))
    #expect((found.measures[2] - 2_499).magnitude < 85, "\(found.measures[2])")
    #expect(found.measures[0] == 3_000)
    let day = try #require(try total(#"["12-03-2025","12-03-2025"]"#))
    #expect(day.measures[2] == 1_500)
    #expect(day.accuracy == .exact)
  }

  @Test("A commit that failed leaves no users behind")
  func reset() throws {
    try see(1...3, on: "2025-03-10")
    try fixture.flush()
    try see(4...9, on: "2025-03-10")
    try fixture.set.reset()
    try fixture.flush()
    #expect(try total("20days")?.measures[2] == 3)
  }

  @Test("Values and subjects have none: their users stay an upper bound")
  func others() throws {
    let value = try fixture.series(number, dimension: "cc", value: "DE")
    // A Friday and the Monday behind it: no month and no week holds both.
    try see(1...2, on: "2025-03-07", value)
    try see(1...2, on: "2025-03-10", value)
    let subject = try fixture.series(fixture.set.register(Self.subjects), subject: "Home")
    try see(1...2, on: "2025-03-10", subject)
    try fixture.flush()
    #expect(try sketches() == 0)
    let found = try #require(try total(#"["07-03-2025","10-03-2025"]"#, dimension: "cc"))
    #expect(found.measures[2] == 4)
    #expect(found.accuracy == .upperBound)
  }

  @Test("Users of kept months are those put together anew", arguments: UInt64(1)...6)
  func kept(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    for round in 0..<25 {
      let day = ordinal("2024-11-20") + Int32(random.next() % 100)
      let first = Int(random.next() % 2_000)
      let count = random.next() % 8 == 0 ? 1_200 : Int(random.next() % 6)
      try see(first..<first + count, day: day, line)
      try fixture.flush()
      if round % 9 == 8 {
        try fixture.store.pool.write {
          try $0.execute(sql: "DELETE FROM sketch WHERE day % 4 = 1")
        }
      }
      let period = Period.at("2025-02-27", "\(2 + random.next() % 99)days")
      func total(_ snapshot: Snapshot) throws -> SeriesTotal? {
        try snapshot.totals(Self.metric, app: 1, period: period).first
      }
      let anew = try fixture.store.pool.unsafeRead {
        try total(Snapshot(ReadTransaction($0, ReadCaches())))
      }
      #expect(try fixture.store.read(total) == anew, "round \(round)")
    }
    #expect(fixture.store.caches.sketches.count > 0)
  }

  @Test("No more months are kept than there is room for, and the newest stay")
  func room() {
    let cache = SketchCache()
    for month in 0..<Int32(SketchCache.monthsMax + 10) {
      cache.keep(UserSketch(), .init(series: 1, month: month), version: 1)
    }
    #expect(cache.count == SketchCache.monthsMax)
    #expect(cache.sketch(.init(series: 1, month: 9), version: 1, changed: 0) == nil)
    #expect(cache.sketch(.init(series: 1, month: 10), version: 1, changed: 1) != nil)
    #expect(cache.sketch(.init(series: 1, month: 10), version: 2, changed: 2) == nil)
  }
}
