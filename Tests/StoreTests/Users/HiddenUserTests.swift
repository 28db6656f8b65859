import Testing

@testable import Store

@Suite struct HiddenUserTests {
  private func listed(_ fixture: StoreFixture) throws -> (count: Int, uids: [UInt64]) {
    try fixture.store.read { (snapshot) throws in
      (
        try snapshot.userCount(app: 1),
        try snapshot.users(app: 1, before: .max, limit: 10).map(\.uid)
      )
    }
  }

  @Test("A hidden user is new each time and nobody to readers, behind commits and restarts too")
  func hidden() throws {
    let fixture = try StoreFixture()
    let bot = try fixture.user("bot")
    fixture.set.hide(user: bot.slot)
    _ = try fixture.user("man")
    #expect(try fixture.user("bot").isNew)
    for _ in 0..<2 {
      try fixture.flush()
      #expect(try listed(fixture) == (1, [2]))
      #expect(try fixture.store.counts().users == 1)
      try fixture.reopen()
      let again = try fixture.user("bot")
      #expect(again.isNew && again.uid == 1)
      fixture.set.hide(user: again.slot)
    }
    try fixture.store.read { (snapshot) throws in
      #expect(try snapshot.user(app: 1, device: "bot")?.isHidden == true)
      #expect(try snapshot.user(app: 1, device: "man")?.isHidden == false)
    }
  }

  @Test("Revealed, it is the user it was, and new no more")
  func revealed() throws {
    let fixture = try StoreFixture()
    fixture.set.hide(user: try fixture.user("bot").slot)
    try fixture.flush()
    let again = try fixture.user("bot")
    fixture.set.reveal(user: again.slot, atMs: 7_000)
    #expect(try !fixture.user("bot").isNew)
    try fixture.flush()
    try fixture.reopen()
    #expect(try fixture.user("bot") == (0, 1, false))
    try fixture.store.read { (snapshot) throws in
      #expect(try snapshot.users(app: 1, before: .max, limit: 10).map(\.createdMs) == [7_000])
    }
  }

  @Test("Hidden and revealed between two commits, it is there")
  func both() throws {
    let fixture = try StoreFixture()
    let bot = try fixture.user("bot")
    fixture.set.hide(user: bot.slot)
    fixture.set.reveal(user: bot.slot, atMs: 7_000)
    try fixture.flush()
    #expect(try listed(fixture) == (1, [1]))
  }

  @Test("Known repetitions stay known, and a reset forgets what is not committed")
  func hashes() throws {
    let fixture = try StoreFixture()
    let bot = try fixture.user("bot")
    #expect(try !fixture.set.isDuplicate(user: bot.slot, hash: 5, receivedMs: 1_000))
    fixture.set.hide(user: bot.slot)
    try fixture.flush()
    try fixture.reopen()
    let again = try fixture.user("bot")
    #expect(try fixture.set.isDuplicate(user: again.slot, hash: 5, receivedMs: 1_001))
    fixture.set.reveal(user: again.slot, atMs: 7_000)
    try fixture.set.reset()
    #expect(try fixture.user("bot").isNew)
  }

  @Test("Somebody who becomes a hidden user reveals it; a hidden one who becomes somebody does not")
  func merged() throws {
    let fixture = try StoreFixture()
    for device in ["bot", "man", "late"] { _ = try fixture.user(device) }
    fixture.set.hide(user: try fixture.user("bot").slot)
    try fixture.merge("man", into: "bot", position: 1)
    try fixture.flush()
    #expect(try listed(fixture) == (2, [3, 1]))
    fixture.set.hide(user: try fixture.user("late").slot)
    try fixture.merge("late", into: "bot", position: 2)
    try fixture.flush()
    #expect(try listed(fixture) == (1, [1]))
  }

  @Test("A hidden user is erased like others, also when it changed since the last commit")
  func erased() throws {
    let fixture = try StoreFixture()
    fixture.set.hide(user: try fixture.user("bot").slot)
    try fixture.flush()
    fixture.set.reveal(user: try fixture.user("bot").slot, atMs: 7_000)
    #expect(try fixture.set.erase(app: 1, user: 1) == .done)
    try fixture.flush()
    #expect(try listed(fixture) == (0, []))
    #expect(try fixture.user("bot").uid == 2)
  }
}
