import GRDB
import Testing

@testable import Store

@Suite struct SweepTests {
  private func logged(_ fixture: StoreFixture) throws -> Int {
    try fixture.store.look { try Int.fetchOne($0, sql: "SELECT count(*) FROM cell_log") ?? 0 }
  }

  private func placed(_ fixture: StoreFixture) throws -> Int {
    try fixture.store.look { try Int.fetchOne($0, sql: "SELECT count(*) FROM cell") ?? 0 }
  }

  private func set(_ fixture: StoreFixture, _ device: String, _ text: String) throws {
    let user = try fixture.user(device)
    try fixture.set.setCell(user: user.slot, plugin: 1, Array(text.utf8))
  }

  private func read(_ fixture: StoreFixture, uid: UInt64) throws -> String {
    let key = CellKey(app: 1, user: uid, plugin: 1)
    let found = try fixture.store.read { try $0.committedCell(key) }
    return String(decoding: found ?? [], as: UTF8.self)
  }

  @Test("Cells wait in the log, a sweep puts them in their place, and the log is emptied behind it")
  func sweep() throws {
    var limits = WorkingSetLimits()
    limits.unsweptFlushesMax = 3
    limits.sweepFlushes = 2
    let fixture = try StoreFixture(limits: limits)
    for number in 0..<10 { try set(fixture, "device \(number)", "\(number)") }
    try fixture.flush()
    #expect(try placed(fixture) == 0)
    #expect(try logged(fixture) == 1)
    #expect(try read(fixture, uid: 3) == "2")
    for round in 0..<8 {
      try set(fixture, "device 0", "round \(round)")
      try fixture.flush()
      #expect(try read(fixture, uid: 1) == "round \(round)")
      #expect(try read(fixture, uid: 10) == "9")
    }
    // Device 0 changed with every flush: its newest cell is in the log.
    #expect(try placed(fixture) >= 9)
    let oldest = try fixture.store.look {
      try Int.fetchOne($0, sql: "SELECT min(flush) FROM cell_log")
    }
    #expect(try #require(oldest) > 1)
  }

  @Test("After a restart the log is worked off before the first user is looked for")
  func settle() throws {
    let fixture = try StoreFixture()
    for round in 0..<3 {
      for number in 0..<5 where number >= round {
        try set(fixture, "device \(number)", "\(round)")
      }
      try fixture.flush()
    }
    try fixture.reopen()
    #expect(try logged(fixture) == 3)
    #expect(try read(fixture, uid: 2) == "1")
    for number in 0..<5 {
      let user = try fixture.user("device \(number)")
      #expect(
        try fixture.set.cell(user: user.slot, plugin: 1) == Array("\(min(number, 2))".utf8))
    }
    #expect(try logged(fixture) == 0)
    #expect(try placed(fixture) == 5)
  }

  @Test("A user whose cells fill more than one row of the log is found in each")
  func longRows() throws {
    let fixture = try StoreFixture()
    let user = try fixture.user("device")
    for plugin in 1...40 {
      let cell = [UInt8](repeating: UInt8(plugin), count: 3_000)
      try fixture.set.setCell(user: user.slot, plugin: plugin, cell)
    }
    try fixture.flush()
    #expect(try logged(fixture) > 5)
    for plugin in 1...40 {
      let key = CellKey(app: 1, user: user.uid, plugin: plugin)
      let found = try fixture.store.read { try $0.committedCell(key) }
      #expect(found == [UInt8](repeating: UInt8(plugin), count: 3_000))
    }
    let none = CellKey(app: 1, user: user.uid, plugin: 41)
    #expect(try fixture.store.read { try $0.committedCell(none) } == nil)
  }

  @Test("A row of the log that is cut short is reported as damage")
  func damaged() throws {
    let fixture = try StoreFixture()
    try set(fixture, "device", "text")
    try fixture.flush()
    try fixture.store.administer {
      try $0.execute(sql: "UPDATE cell_log SET body = substr(body, 1, length(body) - 1)")
    }
    try fixture.reopen()
    let error = #expect(throws: StoreError.self) { try fixture.user("device") }
    #expect(error?.code == .corrupt)
  }
}
