import Foundation
import GRDB
import Testing

@testable import Store

@Suite struct CommitTests {
  private struct PowerCut: Error {}

  private static let metric = MetricDefinition(
    plugin: "p", name: "m", measures: [Measure(name: "c", kind: .sum, grains: 2)])

  /// One request: a user, a cell, a counter and a raw row.
  private func apply(_ fixture: StoreFixture, position: UInt64) throws {
    let metric = fixture.set.register(Self.metric)
    let user = try fixture.user("device \(position)")
    try fixture.set.setCell(user: user.slot, plugin: 1, Array("cell \(position)".utf8))
    fixture.add(try fixture.series(metric), hour: 0, 1)
    fixture.raw(position: position)
    fixture.set.ledger(app: 1, reason: "stored", 1)
  }

  @Test("What is committed is there after a restart: users, cells, counters, raw rows, positions")
  func reopen() throws {
    let fixture = try StoreFixture()
    let plugin = try fixture.set.plugin("views")
    for position in UInt64(1)...3 { try apply(fixture, position: position) }
    let flush = fixture.set.takeFlush(through: 3, positions: [(plugin, 2)])
    #expect(flush.changedKeys == 3 + 3 + 1 + 1)
    try fixture.store.commit(flush)
    fixture.set.didCommit(flush)
    try fixture.reopen()
    #expect(fixture.store.committedPosition == 3)
    #expect(try fixture.store.position(ofPlugin: plugin) == 2)
    #expect(try fixture.set.plugin("views") == plugin)
    let user = try fixture.user("device 2")
    #expect(!user.isNew)
    #expect(user.uid == 2)
    #expect(try fixture.set.cell(user: user.slot, plugin: 1) == Array("cell 2".utf8))
    #expect(try fixture.set.cell(user: user.slot, plugin: 2) == [])
    #expect(try fixture.user("device 9").uid == 4)
    let counts = try fixture.store.counts()
    #expect(counts.users == 3)
    #expect(counts.rawRows == 3)
    #expect(counts.series == 1)
    #expect(counts.items(app: 1, reason: "stored") == 3)
    #expect(counts.consumers.map(\.plugin) == ["", "views"])
    #expect(counts.consumers.map(\.position) == [3, 2])
    #expect(try fixture.counters() == ["1 p.m // 2 0": [3, 0, 0, 0, 0, 0, 0, 0]])
    #expect(try fixture.store.damage() == [])
  }

  @Test(
    "A crash at any point of a commit loses and doubles nothing", arguments: StoreFault.allCases)
  func crash(fault: StoreFault) throws {
    let fixture = try StoreFixture()
    try apply(fixture, position: 1)
    let first = fixture.set.takeFlush(through: 1, positions: [])
    try fixture.store.commit(first)
    fixture.set.didCommit(first)
    try apply(fixture, position: 2)
    let second = fixture.set.takeFlush(through: 2, positions: [])
    #expect(throws: StoreError.self) {
      try fixture.store.commit(second) { if $0 == fault { throw PowerCut() } }
    }
    let isCommitted = fault == .afterMain
    #expect(fixture.store.committedPosition == (isCommitted ? 2 : 1))
    if fault == .betweenRawAndMain { #expect(try fixture.rawKeys().count == 2) }
    // The restart replays from the committed position.
    try fixture.reopen()
    #expect(try fixture.rawKeys().map(\.position) == (isCommitted ? [1, 2] : [1]))
    #expect(fixture.position == (isCommitted ? 2 : 1))
    if !isCommitted { try apply(fixture, position: 2) }
    let again = fixture.set.takeFlush(through: 2, positions: [])
    try fixture.store.commit(again)
    #expect(try fixture.counters() == ["1 p.m // 2 0": [2, 0, 0, 0, 0, 0, 0, 0]])
    #expect(try fixture.rawKeys().map(\.position) == [1, 2])
    #expect(try fixture.store.counts().users == 2)
    #expect(try fixture.ledger() == ["1 stored": 2])
  }

  @Test(
    "After a failed commit the working set starts over from the file",
    arguments: StoreFault.allCases)
  func reset(fault: StoreFault) throws {
    let fixture = try StoreFixture()
    try apply(fixture, position: 1)
    try fixture.flush()
    let kept = try fixture.user("device 1").slot
    try fixture.set.setCell(user: kept, plugin: 1, Array("changed".utf8))
    try apply(fixture, position: 2)
    fixture.raw(position: 5)
    let failing = fixture.set.takeFlush(through: 5, positions: [])
    #expect(throws: StoreError.self) {
      try fixture.store.commit(failing) { if $0 == fault { throw PowerCut() } }
    }
    try fixture.set.reset()
    let isCommitted = fault == .afterMain
    let user = try fixture.user("device 1")
    #expect(
      try fixture.set.cell(user: user.slot, plugin: 1)
        == Array((isCommitted ? "changed" : "cell 1").utf8))
    #expect(try fixture.user("device 2").isNew == !isCommitted)
    guard !isCommitted else { return }
    // What is replayed may be less than what failed: rows of the failed attempt must not stay.
    try apply(fixture, position: 2)
    try fixture.flush()
    #expect(try fixture.rawKeys().map(\.position) == [1, 2])
    #expect(try fixture.counters() == ["1 p.m // 2 0": [2, 0, 0, 0, 0, 0, 0, 0]])
  }

  @Test("Committing the same flush twice counts it once")
  func twice() throws {
    let fixture = try StoreFixture()
    try apply(fixture, position: 1)
    let flush = fixture.set.takeFlush(through: 1, positions: [])
    try fixture.store.commit(flush)
    try fixture.store.commit(flush)
    #expect(try fixture.counters() == ["1 p.m // 2 0": [1, 0, 0, 0, 0, 0, 0, 0]])
    #expect(try fixture.ledger() == ["1 stored": 1])
    #expect(try fixture.rawKeys().count == 1)
  }

  @Test("A consumer that catches up moves alone, and its effects count")
  func catchUp() throws {
    let fixture = try StoreFixture()
    try apply(fixture, position: 1)
    try apply(fixture, position: 2)
    fixture.position = 1
    try fixture.flush()
    let plugin = try fixture.set.plugin("late")
    for target in [UInt64(1), 2] {
      fixture.add(try fixture.series(fixture.set.register(Self.metric)), hour: 24, 1)
      try fixture.store.commit(fixture.set.takeFlush(through: 2, positions: [(plugin, target)]))
    }
    #expect(try fixture.counters()["1 p.m // 2 1"]?[0] == 2)
    #expect(try fixture.store.position(ofPlugin: plugin) == 2)
    #expect(fixture.store.committedPosition == 2)
  }

  @Test("Raw rows lie in the file of their month of receipt, each with its range of event times")
  func months() throws {
    let fixture = try StoreFixture()
    let lastOfMay: Int64 = 1_748_735_999_999
    for (item, ms) in [lastOfMay, lastOfMay + 1, lastOfMay, lastOfMay - 9].enumerated() {
      fixture.raw(position: 1, item: UInt32(item), receivedMs: ms)
    }
    try fixture.flush()
    let paths = RawFiles.paths(in: fixture.store.rawDirectory)
    #expect(paths.map { $0.suffix(10) } == ["2025-05.db", "2025-06.db"])
    let may = try SQLiteConnection(path: paths[0], mode: .readOnly)
    #expect(try may.integer("SELECT sum(items) FROM raw") == 3)
    #expect(try fixture.rawItems().first?.body == Array("body 1".utf8))
    #expect(try may.integer("SELECT first_ms FROM span WHERE app = 1") == lastOfMay - 14)
    #expect(try may.integer("SELECT last_ms FROM span WHERE app = 1") == lastOfMay - 5)
    #expect(try fixture.rawKeys().map(\.item) == [0, 2, 3, 1])
  }

  @Test("Dead letters are kept with their reason and body")
  func deadLetters() throws {
    let fixture = try StoreFixture()
    Array("{}".utf8).withUnsafeBytes { body in
      fixture.set.deadLetter(
        plugin: 3, position: 8, item: 2, app: 1, reason: "ended the process", receivedMs: 5,
        body: body)
    }
    try fixture.flush()
    let row = try #require(
      try fixture.store.pool.read { try Row.fetchOne($0, sql: "SELECT * FROM dead_letter") })
    #expect(row["plugin"] == 3)
    #expect(row["position"] == 8)
    #expect(row["item"] == 2)
    #expect(row["reason"] == "ended the process")
    #expect(row["body"] == Data("{}".utf8))
  }
}
