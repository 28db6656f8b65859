import Testing

@testable import Store

@Suite struct DuplicateTests {
  private static let hourMs: Int64 = 3_600_000
  private static let now: Int64 = 1_750_000_000_000

  @Test("The last 32 requests of a user are remembered, not one more")
  func window() throws {
    let fixture = try StoreFixture()
    let user = try fixture.user("d").slot
    for hash in UInt64(1)...33 {
      #expect(try !fixture.set.isDuplicate(user: user, hash: hash, receivedMs: Self.now))
    }
    #expect(try fixture.set.isDuplicate(user: user, hash: 2, receivedMs: Self.now))
    #expect(try fixture.set.isDuplicate(user: user, hash: 33, receivedMs: Self.now))
    #expect(try !fixture.set.isDuplicate(user: user, hash: 1, receivedMs: Self.now))
  }

  @Test(
    "A hash is forgotten after 72 hours", arguments: [(Int64(72), true), (73, false), (-2, true)])
  func age(hours: Int64, isDuplicate: Bool) throws {
    let fixture = try StoreFixture()
    let user = try fixture.user("d").slot
    #expect(try !fixture.set.isDuplicate(user: user, hash: 9, receivedMs: Self.now))
    let later = Self.now + hours * Self.hourMs
    #expect(try fixture.set.isDuplicate(user: user, hash: 9, receivedMs: later) == isDuplicate)
  }

  @Test("Requests without a hash are never duplicates, and users do not share theirs")
  func notShared() throws {
    let fixture = try StoreFixture()
    let (one, other) = (try fixture.user("one").slot, try fixture.user("other").slot)
    for _ in 0..<2 {
      #expect(try !fixture.set.isDuplicate(user: one, hash: 0, receivedMs: Self.now))
    }
    #expect(try !fixture.set.isDuplicate(user: one, hash: 5, receivedMs: Self.now))
    #expect(try !fixture.set.isDuplicate(user: other, hash: 5, receivedMs: Self.now))
  }

  @Test("Both kinds survive a restart once committed, and only then")
  func restart() throws {
    let fixture = try StoreFixture()
    let user = try fixture.user("d").slot
    #expect(try !fixture.set.isDuplicate(user: user, hash: 5, receivedMs: Self.now))
    #expect(try !fixture.set.isDuplicateBulk(app: 1, hash: 50, receivedMs: Self.now))
    try fixture.flush()
    #expect(try !fixture.set.isDuplicate(user: user, hash: 6, receivedMs: Self.now))
    #expect(try !fixture.set.isDuplicateBulk(app: 1, hash: 60, receivedMs: Self.now))
    try fixture.reopen()
    let again = try fixture.user("d")
    #expect(!again.isNew)
    #expect(try fixture.set.isDuplicate(user: again.slot, hash: 5, receivedMs: Self.now))
    #expect(try !fixture.set.isDuplicate(user: again.slot, hash: 6, receivedMs: Self.now))
    #expect(try fixture.set.isDuplicateBulk(app: 1, hash: 50, receivedMs: Self.now))
    #expect(try !fixture.set.isDuplicateBulk(app: 1, hash: 60, receivedMs: Self.now))
  }

  @Test("The last 1 000 bulk bodies of an app are remembered, also across restarts")
  func bulk() throws {
    let fixture = try StoreFixture()
    for hash in UInt64(1)...1_500 {
      #expect(try !fixture.set.isDuplicateBulk(app: 1, hash: hash, receivedMs: Self.now))
      if hash == 1_200 { try fixture.flush() }
    }
    try fixture.flush()
    try fixture.reopen()
    #expect(try !fixture.set.isDuplicateBulk(app: 2, hash: 1_500, receivedMs: Self.now))
    #expect(try fixture.set.isDuplicateBulk(app: 1, hash: 501, receivedMs: Self.now))
    #expect(try fixture.set.isDuplicateBulk(app: 1, hash: 1_500, receivedMs: Self.now))
    #expect(try !fixture.set.isDuplicateBulk(app: 1, hash: 500, receivedMs: Self.now))
    // 500 took the place of 501, the oldest.
    #expect(try !fixture.set.isDuplicateBulk(app: 1, hash: 501, receivedMs: Self.now))
    let late = Self.now + 73 * Self.hourMs
    #expect(try !fixture.set.isDuplicateBulk(app: 1, hash: 1_500, receivedMs: late))
  }
}
