import Foundation
import GRDB
import Testing

@testable import Store

@Suite("Months of documents") struct MonthCacheTests {
  private static let metric = ExampleMetrics.users
  private static let lines = [("", ""), ("cc", "DE"), ("cc", "FR"), ("f", "1"), ("f", "2")]

  private func add(
    _ line: (String, String), day: Int32, _ count: Int64, to fixture: StoreFixture
  ) throws {
    let series = try fixture.series(
      fixture.set.register(Self.metric), dimension: line.0, value: line.1,
      year: CivilDate(day: day).year)
    fixture.add(series, hour: day * 24 + 7, count, 1, 0, 2, 3)
    guard line.0 != "f" else { return }
    let grains = Grain.day.rawValue | Grain.week.rawValue | Grain.month.rawValue
    fixture.set.addUnique(
      series: series, user: UInt64(count), grains: grains, hour: day * 24 + 7, firstTime: false)
  }

  private func document(
    _ snapshot: Snapshot, _ period: Period, _ options: DocumentOptions = []
  ) throws -> [UInt8] {
    try snapshot.document(Self.metric, app: 1, period: period, options: options)
  }

  @Test("A document of kept months is the one written anew", arguments: UInt64(1)...8)
  func same(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let fixture = try StoreFixture()
    let first = ordinal("2024-10-15")
    for round in 0..<60 {
      for _ in 0...random.next() % 3 {
        let day = first + Int32(random.next() % 130)
        let line = Self.lines[Int(random.next() % UInt64(Self.lines.count))]
        try add(line, day: day, Int64(random.next() % 5), to: fixture)
      }
      try fixture.flush()
      if round % 17 == 16 {
        try fixture.store.pool.write {
          try $0.execute(sql: "DELETE FROM counter WHERE bucket % 3 = 1")
        }
      }
      let period = Period.at("2025-02-10", "\(1 + random.next() % 90)days")
      for options: DocumentOptions in [[], .withoutMeta, .unescaped, .todayOnly] {
        let kept = try fixture.store.read { try document($0, period, options) }
        let anew = try fixture.store.pool.unsafeRead {
          try document(Snapshot(ReadTransaction($0, ReadCaches())), period, options)
        }
        #expect(kept == anew, "round \(round), options \(options.rawValue)")
      }
    }
  }

  @Test("Only the months that a commit changes are read again; of any other commit, all")
  func changed() throws {
    let fixture = try StoreFixture()
    func counts() throws -> [Int] {
      let bytes = try fixture.store.read { try document($0, Period.at("2025-02-10", "60days")) }
      let years = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
      let months = years?["2025"] as? [String: Any]
      return ["1", "2"].map { ((months?[$0] as? [String: Any])?["t"] as? Int) ?? 0 }
    }
    let (january, february) = (ordinal("2025-01-20"), ordinal("2025-02-03"))
    try add(("", ""), day: january, 1, to: fixture)
    try add(("", ""), day: february, 2, to: fixture)
    try fixture.flush()
    #expect(try counts() == [1, 2])
    // Behind the store's back: whoever reads the rows sees it.
    let other = try DatabaseQueue(path: fixture.store.path)
    try other.write { try $0.execute(sql: "UPDATE counter SET m0 = m0 + 100 WHERE m0 > 0") }
    try other.close()
    #expect(try counts() == [1, 2])
    try add(("", ""), day: february, 3, to: fixture)
    try fixture.flush()
    #expect(try counts() == [1, 105])
    try fixture.store.pool.write { try $0.execute(sql: "INSERT INTO meta VALUES ('test', 1)") }
    #expect(try counts() == [101, 105])
  }

  @Test("What is kept is bounded; what was asked for last stays")
  func bounded() {
    let cache = MonthCache()
    func document(_ app: UInt32) -> MonthCache.Document {
      .init(app: app, metric: "m", subjects: [], dimension: nil, value: nil, isUnescaped: false)
    }
    let json = [UInt8](repeating: 0, count: MonthCache.bytesMax / 4)
    for app in UInt32(1)...5 {
      let month = MonthCache.Month(version: 1, json: json, slots: [], sums: [])
      cache.keep([202_501: month], of: document(app), Self.metric)
      #expect(cache.bytes == min(Int(app), 4) * json.count)
      _ = cache.months([202_501], of: document(1), Self.metric, version: 1, CommitCounter())
    }
    let kept = (UInt32(1)...5).filter {
      !cache.months([202_501], of: document($0), Self.metric, version: 1, CommitCounter()).isEmpty
    }
    #expect(kept == [1, 3, 4, 5])
    // Under another definition nothing is of use.
    let events = ExampleMetrics.events
    #expect(cache.months([202_501], of: document(1), events, version: 1, CommitCounter()).isEmpty)
  }
}
