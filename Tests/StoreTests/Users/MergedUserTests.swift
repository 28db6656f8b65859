import Foundation
import Testing

@testable import Store

/// Users who turned out to be others: how they are found and forgotten.
@Suite struct MergedUserTests {
  private func name(_ fixture: StoreFixture, _ device: String, _ names: String...) throws {
    let all = try names.map { name in
      try #require(
        Array("name".utf8).withUnsafeBytes { key in
          Array(name.utf8).withUnsafeBytes { UserProperty(key, $0) }
        })
    }
    fixture.set.setProperties(user: try fixture.user(device).slot, plugin: 3, all)
  }

  private func found(_ fixture: StoreFixture, _ value: String) throws -> [UInt64] {
    try fixture.store.read { try $0.users(app: 1, property: "name", value: value, limit: 9) }
  }

  /// Five users, of whom a and b are c, in two steps.
  private func chain(isCommitted: Bool) throws -> StoreFixture {
    let fixture = try StoreFixture()
    for device in ["a", "b", "c", "d", "e"] {
      try fixture.set.setCell(user: fixture.user(device).slot, plugin: 3, Array(device.utf8))
    }
    try fixture.flush()
    try fixture.merge("a", into: "b", position: 1)
    if isCommitted { try fixture.flush() }
    try fixture.merge("b", into: "c", position: 2)
    if isCommitted { try fixture.flush() }
    return fixture
  }

  @Test(
    "Whichever number is erased, everybody who is the same user goes, and nobody else",
    arguments: [UInt64(1), 2, 3], [true, false])
  func erased(uid: UInt64, isCommitted: Bool) throws {
    let fixture = try chain(isCommitted: isCommitted)
    for device in ["a", "d"] { try name(fixture, device, device) }
    #expect(try fixture.set.erase(app: 1, user: uid) == .done)
    #expect(try fixture.set.erase(app: 1, user: uid) == .unknown)
    // Before and behind the commit nobody is left behind those devices.
    for device in ["a", "b", "c"] {
      let known = try Array(device.utf8).withUnsafeBytes {
        try fixture.set.knownUser(app: 1, device: $0)?.uid
      }
      #expect(known == nil)
    }
    try fixture.flush()
    #expect(try fixture.store.pendingErasures().map(\.uid) == [1, 2, 3])
    #expect(try fixture.store.merges(app: 1, limit: 9) == [])
    try fixture.store.read { (snapshot) throws in
      #expect(try snapshot.users(app: 1, before: .max, limit: 9).map(\.uid) == [5, 4])
      for uid in 1...3 as ClosedRange<UInt64> {
        #expect(try snapshot.cell(plugin: 3, app: 1, user: uid) == nil)
      }
      #expect(try snapshot.cell(plugin: 3, app: 1, user: 4) == [UInt8(ascii: "d")])
    }
    #expect(try found(fixture, "a") == [])
    #expect(try found(fixture, "d") == [4])
    #expect(try ["a", "b", "c"].map { try fixture.user($0).uid } == [6, 7, 8])
  }

  @Test("A merge on its way to the file is one, and so is a user: then it is too early")
  func underWay() throws {
    let fixture = try chain(isCommitted: true)
    try fixture.merge("c", into: "d", position: 3)
    fixture.position += 1
    let flush = fixture.set.takeFlush(through: fixture.position, positions: [])
    _ = try fixture.user("new")
    try fixture.merge("d", into: "new", position: 4)
    #expect(try fixture.set.erase(app: 1, user: 1) == .notYet)
    try fixture.store.commit(flush)
    fixture.set.didCommit(flush)
    #expect(try fixture.set.erase(app: 1, user: 1) == .notYet)
    #expect(try fixture.user("a").uid == 6)
    try fixture.flush()
    #expect(try fixture.set.erase(app: 1, user: 1) == .done)
    try fixture.flush()
    #expect(try fixture.store.pendingErasures().map(\.uid) == [1, 2, 3, 4, 6])
  }

  @Test("Merged users are not listed or counted, and are asked for with those that are")
  func listed() throws {
    let fixture = try chain(isCommitted: true)
    try fixture.store.read { (snapshot) throws in
      #expect(try snapshot.userCount(app: 1) == 3)
      #expect(try snapshot.users(app: 1, before: .max, limit: 9).map(\.uid) == [5, 4, 3])
      #expect(
        try snapshot.users(app: 1, before: 4, limit: 9, withMerged: true).map(\.uid) == [3, 2, 1])
      #expect(try snapshot.lastMerged(app: 1, into: 3) == 2)
      #expect(try snapshot.lastMerged(app: 1, into: 4) == nil)
      #expect(try snapshot.user(app: 1, device: "a")?.uid == 1)
    }
  }

  @Test("By what a user was found goes with the cell that goes on")
  func properties() throws {
    let fixture = try StoreFixture()
    for device in ["a", "b", "c"] { _ = try fixture.user(device) }
    try name(fixture, "a", "ada", "eve")
    try name(fixture, "b", "eve")
    try fixture.flush()
    // Neither has a cell: one is found by what both were.
    try fixture.merge("a", into: "b", position: 1)
    try fixture.flush()
    #expect(try found(fixture, "ada") == [2])
    #expect(try found(fixture, "eve") == [2])
    try fixture.set.setCell(user: fixture.user("c").slot, plugin: 3, [1])
    try name(fixture, "c", "carl")
    try fixture.merge("b", into: "c", position: 2)
    try fixture.flush()
    #expect(try found(fixture, "ada") == [])
    #expect(try found(fixture, "carl") == [3])
  }
}
