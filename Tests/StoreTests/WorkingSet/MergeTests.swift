import Testing

@testable import Store

@Suite struct MergeTests {
  private func known(_ fixture: StoreFixture, _ device: String) throws -> UInt64? {
    try Array(device.utf8).withUnsafeBytes { try fixture.set.knownUser(app: 1, device: $0)?.uid }
  }

  @Test("A merged device leads to the user that goes on, before and behind commits and restarts")
  func leads() throws {
    let fixture = try StoreFixture()
    for device in ["a", "b", "c", "d"] { _ = try fixture.user(device) }
    try fixture.merge("a", into: "b", position: 1, join: +)
    #expect(try fixture.user("a").uid == 2)
    try fixture.flush()
    try fixture.merge("b", into: "c", position: 2, join: +)
    try fixture.flush()
    let again = try fixture.user("a")
    #expect(again.uid == 3 && !again.isNew)
    try fixture.reopen()
    #expect(try known(fixture, "a") == 3)
    try fixture.merge("c", into: "d", position: 3, join: +)
    #expect(try ["a", "b", "c", "d"].map { try fixture.user($0).uid } == [4, 4, 4, 4])
    #expect(try known(fixture, "e") == nil)
    #expect(try fixture.user("e").uid == 5)
    try fixture.flush()
    try fixture.reopen()
    #expect(try ["a", "b", "c", "d"].map { try fixture.user($0).uid } == [4, 4, 4, 4])
  }

  @Test("A reset forgets a merge that is not committed")
  func reset() throws {
    let fixture = try StoreFixture()
    for device in ["a", "b"] { _ = try fixture.user(device) }
    try fixture.flush()
    try fixture.merge("a", into: "b", position: 2, join: +)
    try fixture.set.reset()
    #expect(try fixture.user("a").uid == 1)
  }

  @Test(
    "Readers find the successor and everybody who was merged into it; cells are found under both")
  func reading() throws {
    let fixture = try StoreFixture()
    for device in ["a", "b", "c", "d"] { _ = try fixture.user(device) }
    try fixture.set.setCell(user: try fixture.user("a").slot, plugin: 3, [7])
    try fixture.merge("a", into: "b", position: 1, join: +)
    try fixture.merge("b", into: "c", position: 2, join: +)
    try fixture.flush()
    let merges = try fixture.store.merges(after: RawKey(position: 1, item: 0), through: 9)
    #expect(merges.map(\.into) == [3])
    try fixture.store.read { (snapshot) throws in
      #expect(try snapshot.successor(app: 1, user: 1) == 3)
      #expect(try snapshot.successor(app: 1, user: 4) == 4)
      #expect(try snapshot.successor(app: 2, user: 1) == 1)
      #expect(try snapshot.aliases(app: 1, user: 3) == [1, 2, 3])
      #expect(try snapshot.aliases(app: 1, user: 4) == [4])
      #expect(try snapshot.cell(plugin: 3, app: 1, user: 1) == [7])
    }
  }

  @Test("Cells become one, hours are united, and hashes of both are known")
  func parts() throws {
    let fixture = try StoreFixture()
    let (a, b) = (try fixture.user("a").slot, try fixture.user("b").slot)
    try fixture.set.setCell(user: a, plugin: 3, [1])
    try fixture.set.setCell(user: b, plugin: 3, [2])
    var hours = SeenHours()
    _ = hours.insert(series: 9, hour: 480_000)
    try fixture.set.setSeen(user: a, plugin: 3, hours)
    #expect(try !fixture.set.isDuplicate(user: a, hash: 11, receivedMs: 1_000))
    #expect(try !fixture.set.isDuplicate(user: b, hash: 12, receivedMs: 1_000))
    try fixture.merge("a", into: "b", position: 1, join: +)
    #expect(try fixture.set.cell(user: b, plugin: 3) == [1, 2])
    #expect(try fixture.set.cell(user: a, plugin: 3) == [])
    #expect(try fixture.set.seen(user: b, plugin: 3) == hours)
    for hash in [UInt64(11), 12] {
      #expect(try fixture.set.isDuplicate(user: b, hash: hash, receivedMs: 1_000))
    }
  }

  @Test("The hours of two users are those of either", arguments: 0..<40)
  func union(seed: UInt64) {
    var generator = SplitMix(seed: seed)
    var parts = [SeenHours(), SeenHours()]
    var model: [Int64: Set<Int32>] = [:]
    for _ in 0..<300 {
      let series = Int64.random(in: 1...4, using: &generator)
      let hour = Int32.random(in: 470_000...470_900, using: &generator)
      _ = parts[Int.random(in: 0...1, using: &generator)].insert(series: series, hour: hour)
      model[series, default: []].insert(hour)
    }
    parts[0].formUnion(parts[1])
    for (series, hours) in model { #expect(parts[0].hours(ofSeries: series) == hours.sorted()) }
    let before = parts[0]
    parts[0].formUnion(before)
    #expect(parts[0] == before)
    for hour in model[1] ?? [] { #expect(parts[0].insert(series: 1, hour: hour) == 0) }
  }

  @Test("Of two users with as many hashes as there may be, the last of both are remembered")
  func lastOfBoth() {
    func hashes(_ first: UInt64) -> [UInt8] {
      (first..<first + UInt64(RecentHashes.hashesMax)).flatMap { hash in
        withUnsafeBytes(of: hash.littleEndian) { Array($0) } + [7, 0]
      }
    }
    let (one, other) = (hashes(100), hashes(200))
    let sevenAM: Int64 = 7 * 3_600_000
    for both in [RecentHashes.union(one, other), RecentHashes.union(other, one)] {
      #expect(both.count == RecentHashes.hashesMax * RecentHashes.bytesEach)
      for last in [UInt64(131), 231] {
        for hash in last - 15...last {
          #expect(both.withUnsafeBytes { RecentHashes.isKnown(hash, receivedMs: sevenAM, in: $0) })
        }
      }
    }
  }

  @Test("Of the hashes of two users the newest stay, also around the end of the hours' circle")
  func hashes() {
    func list(_ hours: [UInt16], _ tag: UInt8) -> [UInt8] {
      hours.flatMap { [tag, 0, 0, 0, 0, 0, 0, 0, UInt8($0 & 255), UInt8($0 >> 8)] }
    }
    let (old, new) = (list(Array(65_500..<65_520), 1), list(Array(0..<20), 2))
    let both = RecentHashes.union(new, old)
    #expect(both.count == RecentHashes.hashesMax * RecentHashes.bytesEach)
    #expect(both == list(Array(65_508..<65_520), 1) + new)
    #expect(RecentHashes.union([], new) == new)
  }
}
