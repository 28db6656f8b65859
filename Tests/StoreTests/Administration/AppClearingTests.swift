import GRDB
import Testing

@testable import Store

/// Taking data of one app away, beside another that keeps all of its own.
@Suite struct AppClearingTests {
  private static let metric = MetricDefinition(
    plugin: "events", name: "events",
    measures: [
      Measure(name: "c", kind: .sum, grains: 1 | 2 | 16 | 32),
      Measure(name: "u", kind: .unique, grains: Grain.all),
    ], subjectLimit: 10)
  private static let hour: Int32 = 20_000 * 24

  private let fixture: StoreFixture
  private let apps: [App]

  init() throws {
    fixture = try StoreFixture()
    apps = try ["Shop", "Other"].map { [fixture] in
      try fixture.store.createApp(NewApp(name: $0), nowMs: 0)
    }
    try fill(days: [0, 40])
  }

  /// Both apps get the same.
  private func fill(days: [Int32]) throws {
    let number = fixture.set.register(Self.metric)
    for app in apps.map(\.number) {
      for day in days {
        let user = try fixture.user("d", app: app)
        let line = try fixture.series(number, app: app, subject: "buy")
        fixture.add(line, hour: Self.hour + day * 24, 1, 0)
        fixture.set.addUnique(
          series: line, user: user.uid, grains: Grain.all, hour: Self.hour + day * 24,
          firstTime: true)
        try fixture.set.setCell(user: user.slot, plugin: 1, [1, 2, 3])
        let atMs = (Int64(Self.hour) + Int64(day) * 24) * 3_600_000
        [UInt8]("item".utf8).withUnsafeBytes { body in
          fixture.set.appendRaw(
            position: fixture.position + 1, item: app, app: app, uid: user.uid, timestampMs: atMs,
            receivedMs: atMs, body: body, facts: .init(start: nil, count: 0))
        }
        try fixture.flush()
      }
    }
  }

  private func clear(
    _ clearing: AppClearing, permission: (String) -> String? = { _ in nil }
  ) throws {
    try fixture.store.clear(
      app: apps[0].number, clearing, through: fixture.position, permission: permission)
    try fixture.set.reset()
  }

  private func rows(_ sql: String) throws -> [Int64] {
    try fixture.store.pool.read { try Int64.fetchAll($0, sql: sql) }
  }

  private func rawApps() throws -> [UInt32] {
    try RawReader(fixture.store).items(
      after: RawKey(position: 0, item: RawKey.itemMax), through: 1_000, bytesMax: .max
    ).map(\.app)
  }

  @Test("Everything of the app goes, sketches and cells included, and nothing of another")
  func everything() throws {
    let sketched = "INSERT INTO sketch(series, day, body) SELECT id, 1, x'00' FROM series"
    try fixture.store.pool.write { try $0.execute(sql: sketched) }
    try clear(AppClearing(.everything))
    #expect(try fixture.store.apps() == apps)
    let lines = try fixture.store.read { try $0.contents() }
    #expect(!lines.isEmpty && lines.allSatisfy { !$0.contains("app \(apps[0].number) ") })
    #expect(try Set(rows("SELECT app FROM user")) == [2])
    let lost = "SELECT count(*) FROM sketch WHERE series NOT IN (SELECT id FROM series)"
    #expect(try rows("SELECT count(*) FROM sketch") == [1] && rows(lost) == [0])
    #expect(try fixture.store.app(key: apps[0].key) == apps[0])
    #expect(try fixture.user("d").uid == 1)
  }

  @Test("Raw items of before are seen by nobody at once, and gone from the files later")
  func raw() throws {
    try clear(AppClearing(.everything))
    try fill(days: [41])
    #expect(try rawApps() == [2, 2, 1, 2])
    try fixture.reopen()
    #expect(try rawApps() == [2, 2, 1, 2])
    let pending = try #require(fixture.store.pendingRemovals.first)
    #expect(try fixture.store.complete(pending) == 2)
    #expect(fixture.store.pendingRemovals.isEmpty)
    #expect(try rawApps() == [2, 2, 1, 2])
  }

  @Test("Of the data alone, the names of events stay")
  func data() throws {
    try clear(AppClearing(.data))
    #expect(try fixture.store.read { try $0.names(Self.metric, app: 1) } == ["buy"])
    #expect(try fixture.counters().keys.allSatisfy { $0.hasPrefix("2 ") })
  }

  @Test("What is old goes; buckets that reach over the first day stay")
  func old() throws {
    let before = try fixture.counters()
    let day: Int32 = 20_030
    try clear(.before(day: day, beginsMs: Int64(day) * 86_400_000))
    let first = [" 1 \(Self.hour)", " 2 20000", " 16 202410"]
    let after = try fixture.counters()
    for bucket in first {
      #expect(before.keys.contains { $0.hasPrefix("1 ") && $0.hasSuffix(bucket) })
      #expect(!after.keys.contains { $0.hasPrefix("1 ") && $0.hasSuffix(bucket) })
    }
    #expect(after.keys.contains { $0.hasPrefix("1 ") && $0.hasSuffix(" \(Self.hour + 960)") })
    #expect(after.keys.contains { $0.hasPrefix("1 ") && $0.hasSuffix(" 32 2024") })
    func other(_ all: [String: [Int64]]) -> [String: [Int64]] {
      all.filter { $0.key.hasPrefix("2 ") }
    }
    #expect(other(after) == other(before))
    #expect(try rawApps() == [1, 2, 2])
  }

  @Test("The app goes with its keys, and with what members may do there")
  func app() throws {
    let member = try fixture.store.createMember(
      NewMember(username: "ada", permission: "may"), nowMs: 0)
    try clear(AppClearing(.app)) { $0 == "may" ? "may not" : nil }
    // Once more, as after a crash.
    try clear(AppClearing(.app)) { _ in "never" }
    #expect(try fixture.store.apps() == [apps[1]])
    #expect(try fixture.store.app(key: apps[0].key) == nil)
    #expect(try fixture.store.member(username: member.username)?.permission == "may not")
    #expect(try rows("SELECT count(*) FROM app_key") == [1])
  }
}
