import Testing

@testable import Store

@Suite struct TokenTests {
  private let fixture: StoreFixture
  private let ada: Member
  private let bob: Member

  init() throws {
    fixture = try StoreFixture()
    ada = try fixture.store.createMember(
      NewMember(username: "ada", isGlobalAdmin: true), nowMs: 1)
    bob = try fixture.store.createMember(NewMember(username: "bob"), nowMs: 2)
  }

  private func make(_ new: NewToken, at nowS: Int64 = 100) throws -> AccessToken {
    try #require(try fixture.store.createToken(new, nowS: nowS)).made
  }

  @Test("A token never ends behind its bound, also when it asks for ever or is prolonged")
  func bounded() throws {
    var new = NewToken(owner: bob.id, ttl: 50)
    new.maxEnds = 120
    let made = try make(new)
    #expect((made.ttl, made.ends) == (20, 120))
    #expect(try fixture.store.extendToken(hash: made.hash, to: 500)?.ends == 120)
    new.ttl = 0
    #expect(try make(new).ends == 120)
    new.maxEnds = 0
    let ever = try make(new)
    #expect(ever.secondsLeft(at: 1 << 40) == -1)
    #expect(try fixture.store.extendToken(hash: "gone", to: 500) == nil)
  }

  @Test("What is over goes when the next token is made")
  func expired() throws {
    let short = try make(NewToken(owner: bob.id, ttl: 10))
    let made = try fixture.store.createToken(NewToken(owner: ada.id, ttl: 10), nowS: 110)
    #expect(made?.gone == [short.hash])
    #expect(try fixture.store.tokens().map(\.owner) == [ada.id])
  }

  @Test("Tokens go with their member; a password that somebody else chose ends sessions and links")
  func owners() throws {
    let program = try make(NewToken(owner: bob.id, ttl: 0))
    var session = NewToken(.session, owner: bob.id, ttl: 50)
    session.purpose = AccessToken.sessionPurpose
    _ = try make(session)
    _ = try make(NewToken(.link, owner: bob.id, ttl: 50))
    let other = try make(NewToken(owner: ada.id, ttl: 0))
    var change = MemberChange()
    change.endsSessions = true
    _ = try fixture.store.updateMember(id: bob.id, change) { _ in [] }
    #expect(try Set(fixture.store.tokens().map(\.hash)) == [program.hash, other.hash])
    _ = try fixture.store.deleteMembers([bob.id]) { _ in
      AuditLine(atMs: 1, plugin: "", member: "", app: 0, action: "x", detail: "")
    }
    #expect(try fixture.store.tokens() == [other])
    #expect(try fixture.store.createToken(NewToken(owner: bob.id, ttl: 0), nowS: 1) == nil)
  }

  @Test("A member has so many tokens and no more; a login goes on, and the oldest session ends")
  func limits() throws {
    let first = try make(NewToken(.session, owner: bob.id, ttl: 0), at: 1)
    for second in 1..<Store.sessionsMax {
      _ = try make(NewToken(.session, owner: bob.id, ttl: 0), at: Int64(second) + 1)
    }
    let gone = try fixture.store.createToken(NewToken(.session, owner: bob.id, ttl: 0), nowS: 900)
    #expect(gone?.gone == [first.hash])
    try fixture.store.administer { db in
      for number in Store.sessionsMax..<Store.tokensMax {
        try db.execute(
          sql: """
            INSERT INTO token
            SELECT ?, sealed, 0, owner, created_s, 0, 0, 1, '', '', '', '', 0, 0
            FROM token WHERE owner = ? LIMIT 1
            """, arguments: ["\(number)", bob.id])
      }
    }
    let refused = #expect(throws: StoreError.self) {
      try fixture.store.createToken(NewToken(owner: bob.id, ttl: 0), nowS: 1)
    }
    #expect(refused?.code == .invalid)
    #expect(try fixture.store.createToken(NewToken(owner: ada.id, ttl: 0), nowS: 1) != nil)
  }
}
