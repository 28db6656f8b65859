import Foundation
import Testing

@testable import Store

struct UserErasureTests {
  private func put(_ fixture: StoreFixture, _ device: String, plugin: Int, _ text: String) throws {
    try fixture.set.setCell(user: fixture.user(device).slot, plugin: plugin, Array(text.utf8))
  }

  private func cell(_ fixture: StoreFixture, _ uid: UInt64, plugin: Int) throws -> String? {
    try fixture.store.read { try $0.cell(plugin: plugin, app: 1, user: uid) }
      .map { String(decoding: $0, as: UTF8.self) }
  }

  /// Bytes of the main file and its log, as they lie on the disk.
  private func onDisk(_ fixture: StoreFixture) -> Data {
    [fixture.store.path, fixture.store.path + "-wal"].reduce(into: Data()) { all, path in
      all += FileManager.default.contents(atPath: path) ?? Data()
    }
  }

  private func property(_ name: String, _ value: String) throws -> UserProperty {
    try #require(
      Array(name.utf8).withUnsafeBytes { name in
        Array(value.utf8).withUnsafeBytes { UserProperty(name, $0) }
      })
  }

  @Test("An erased user is gone from log and place, their neighbours are not")
  func cells() throws {
    let fixture = try StoreFixture()
    for device in ["a", "b", "c"] { try put(fixture, device, plugin: 1, "first of \(device)") }
    try fixture.flush()
    for device in ["a", "b", "c"] { try put(fixture, device, plugin: 2, "second of \(device)") }
    try fixture.flush()
    // Changed, and not committed.
    try put(fixture, "b", plugin: 2, "third of b")
    #expect(try fixture.set.erase(app: 1, user: 2) == .done)
    #expect(try fixture.set.erase(app: 1, user: 2) == .unknown)
    try fixture.flush()
    #expect(try fixture.store.emptyLogs())
    #expect(try cell(fixture, 2, plugin: 1) == nil)
    #expect(try cell(fixture, 2, plugin: 2) == nil)
    for (uid, device) in [(1, "a"), (3, "c")] as [(UInt64, String)] {
      #expect(try cell(fixture, uid, plugin: 1) == "first of \(device)")
      #expect(try cell(fixture, uid, plugin: 2) == "second of \(device)")
    }
    #expect(onDisk(fixture).range(of: Data("of b".utf8)) == nil)
    #expect(onDisk(fixture).range(of: Data("of c".utf8)) != nil)
  }

  @Test("The number is never given again, also after a restart, and the device is somebody new")
  func numbers() throws {
    let fixture = try StoreFixture()
    for device in ["a", "b"] { try put(fixture, device, plugin: 1, device) }
    try fixture.flush()
    #expect(try fixture.set.erase(app: 1, user: 2) == .done)
    #expect(try fixture.user("b").uid == 3)
    try fixture.flush()
    try fixture.reopen()
    #expect(try fixture.user("b").uid == 3)
    #expect(try fixture.set.erase(app: 1, user: 3) == .done)
    try fixture.flush()
    try fixture.reopen()
    #expect(try fixture.user("b").uid == 4)
    #expect(try fixture.store.read { try $0.userCount(app: 1) } == 1)
    #expect(try fixture.store.pendingErasures().map(\.uid) == [2, 3])
  }

  @Test("Nobody is found by a device id that is erased and not yet committed, whatever is held")
  func notYetCommitted() throws {
    let fixture = try StoreFixture()
    for device in ["a", "b", "c"] { try put(fixture, device, plugin: 1, device) }
    try fixture.flush()
    // Only one of three is in memory.
    try fixture.reopen()
    #expect(try fixture.user("b").uid == 2)
    #expect(try fixture.set.erase(app: 1, user: 2) == .done)
    let new = try fixture.user("b")
    #expect(new.uid == 4 && new.isNew)
    try fixture.flush()
    #expect(try fixture.user("b").uid == 4)
    try fixture.reopen()
    #expect(try fixture.user("b").uid == 4)
  }

  @Test("Nobody is erased who is not there")
  func nobody() throws {
    let fixture = try StoreFixture()
    #expect(try fixture.set.erase(app: 1, user: 1) == .unknown)
    #expect(try fixture.set.erase(app: 1, user: .max) == .unknown)
  }

  @Test("Raw items of the user go, in every month; those of others stay as they were")
  func raw() throws {
    let fixture = try StoreFixture()
    let months: [Int64] = [1_750_000_000_000, 1_753_000_000_000]
    var position: UInt64 = 0
    for receivedMs in months {
      for round in 0..<2_000 {
        position += 1
        Array("item \(position)".utf8).withUnsafeBytes { body in
          fixture.set.appendRaw(
            position: position, item: 0, app: 1, uid: round % 40 == 3 ? 7 : 8,
            timestampMs: receivedMs, receivedMs: receivedMs, body: body,
            facts: .init(start: nil, count: 0))
        }
      }
      fixture.position = position - 1
      try fixture.flush()
    }
    let kept = try fixture.rawItems().filter { $0.user != 7 }
    #expect(kept.count == 3_900)
    let user = PendingErasure(app: 1, uid: 7, device: [])
    try fixture.store.eraseRaw(user)
    #expect(try fixture.rawItems() == kept)
    let read = try RawReader(fixture.store).items(
      after: RawKey(rawValue: -1), through: position, bytesMax: .max)
    #expect(read == kept)
    try fixture.store.eraseRaw(user)
    #expect(try fixture.rawItems() == kept)
  }

  @Test("Users are found by what was said last of them, and not when they are gone")
  func properties() throws {
    let fixture = try StoreFixture()
    let (a, b) = (try fixture.user("a"), try fixture.user("b"))
    fixture.set.setProperties(
      user: a.slot, plugin: 1, [try property("name", "ada"), try property("tag", "x")])
    fixture.set.setProperties(user: b.slot, plugin: 1, [try property("name", "adam")])
    try fixture.flush()
    func found(_ value: String) throws -> [UInt64] {
      try fixture.store.read { try $0.users(app: 1, property: "name", value: value, limit: 9) }
    }
    func beginning(_ prefix: String) throws -> [UInt64] {
      try fixture.store.read { try $0.users(app: 1, property: "name", prefix: prefix, limit: 9) }
    }
    #expect(try found("ada") == [1])
    #expect(try beginning("ada") == [1, 2])
    fixture.set.setProperties(user: a.slot, plugin: 1, [try property("name", "eve")])
    #expect(try fixture.set.erase(app: 1, user: 2) == .done)
    try fixture.flush()
    #expect(try found("ada") == [])
    #expect(try found("eve") == [1])
    #expect(try beginning("ada") == [])
    #expect(try !fixture.store.read { try $0.isSearched(app: 1, property: "tag") })
  }
}
