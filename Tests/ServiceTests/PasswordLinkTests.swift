import Store
import TestThreads
import Testing

@testable import Host

@Suite(.serialized, .ownThread) struct PasswordLinkTests {
  private let stand: Stand
  private let ada: Member

  init() throws {
    stand = try Stand(configure: { $0.publicURL = "https://tally.example.org" })
    ada = try stand.core.store.createMember(
      NewMember(username: "ada", passwordHash: try PasswordHash.make("Before-1")), nowMs: 1)
    _ = try stand.core.store.createMember(NewMember(username: "bob"), nowMs: 1)
    try stand.core.reloadAdministration()
  }

  private func link(_ purpose: PasswordLinks.Purpose) throws -> AccessToken {
    try #require(
      try stand.core.tokens.make(
        PasswordLinks.new(purpose, for: ada), nowS: Clock.system.nowMs / 1_000))
  }

  private func send(_ method: String, _ path: String, _ parameters: [String: String]) -> PageReply {
    LoginPages(core: stand.core).answer(
      PageRequest(method: method, path: path, parameters: parameters))
  }

  private func accepts(_ name: String, _ password: String) throws -> Bool {
    let outcome = try LoginDesk(core: stand.core).attempt(
      name: name, password: password, from: nil)
    if case .success = outcome { return true }
    return false
  }

  @Test("A link lets its member choose a password once, and ends sessions and other links")
  func once() throws {
    let (first, second) = (try link(.reset), try link(.reset))
    let session = try #require(
      try stand.core.tokens.make(NewToken(.session, owner: ada.id, ttl: 0), nowS: 1))
    #expect(
      PasswordLinks.address(first, at: stand.core.publicAddress)
        == "https://tally.example.org/reset?token=\(first.text)")
    #expect(send("GET", "/reset", ["token": first.text]).status == 200)
    let weak = send("POST", "/reset", ["token": first.text, "password": "short"])
    #expect(weak.status == 400 && weak.body.contains("should have upchar"))
    #expect(try accepts("ada", "Before-1"))
    let chosen = send("POST", "/reset", ["token": first.text, "password": "Behind-2"])
    #expect(chosen.status == 302)
    #expect(chosen.header("Location") == "/login?message=login.chosen")
    #expect(try !accepts("ada", "Before-1") && accepts("ada", "Behind-2"))
    for token in [first, second] {
      let again = send("POST", "/reset", ["token": token.text, "password": "Thrice-3"])
      #expect(again.status == 404)
      #expect(send("GET", "/reset", ["token": token.text]).status == 404)
    }
    #expect(stand.core.tokens.find(session.text, nowS: 1) == nil)
    #expect(
      try stand.core.store.auditLines(limit: 9).contains { $0.action == "member.password.chosen" })
  }

  @Test("A link is for choosing a password and for nothing else, each at its own page")
  func bounds() throws {
    let (reset, setup) = (try link(.reset), try link(.setup))
    #expect(throws: AccessDenial.tokenInvalid) {
      try stand.core.access.member(.init(authToken: reset.text), .member)
    }
    #expect(send("GET", "/setup", ["token": reset.text]).status == 404)
    #expect(send("GET", "/reset", ["token": setup.text]).status == 404)
    let program = try #require(
      try stand.core.tokens.make(NewToken(owner: ada.id, ttl: 0), nowS: 1))
    for text in [program.text, "", "x"] {
      let sent = ["token": text, "password": "Behind-2"]
      #expect(send("POST", "/reset", sent).status == 404)
    }
    let nowS = Clock.system.nowMs / 1_000
    #expect(stand.core.tokens.find(reset.text, nowS: nowS + PasswordLinks.seconds + 1) == nil)
    #expect(stand.core.tokens.find(reset.text, nowS: nowS) == nil, "met once, it is gone")
    #expect(stand.core.tokens.find(setup.text, nowS: nowS) != nil)
  }

  @Test("The owner of a new store chooses a name, too, that is not taken")
  func setup() throws {
    let setup = try link(.setup)
    func choose(_ name: String) -> PageReply {
      send("POST", "/setup", ["token": setup.text, "username": name, "password": "Behind-2"])
    }
    #expect(choose(" ").status == 400)
    let taken = choose("bob")
    #expect(taken.status == 400 && taken.body.contains("already"))
    #expect(choose("<Ada> L").status == 302)
    #expect(try accepts("<Ada> L", "Behind-2"))
    #expect(choose("again").status == 404)
  }
}
