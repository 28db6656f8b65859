import NIOPosix
import Store
import TestThreads
import Testing

@testable import Host

/// What members do with their own accounts.
@Suite(.serialized, .ownThread) struct OwnAccountTests {
  private let stand: Stand
  private let ada: Member
  private static let password = "Secret-1"

  init() throws {
    stand = try Stand()
    ada = try stand.core.store.createMember(
      NewMember(
        username: "ada", passwordHash: try PasswordHash.make(Self.password), isGlobalAdmin: true),
      nowMs: 1)
    try stand.core.reloadAdministration()
  }

  private func ask(
    _ path: String, _ more: [String: String], session: AccessToken? = nil, from address: String
  ) -> String {
    var request = QueryRequest(httpMethod: "POST", path: path, parameters: more)
    request.peer = ClientAddress(address)
    if let session {
      request.session = SessionCookie(session.text)
      request.csrf = request.session?.csrf(stand.core.store.vault)
    } else {
      request.parameters["api_key"] = ada.apiKey
    }
    let reply = OwnRoutes(core: stand.core).answer(request)
    return JSONValue(String(decoding: reply.body, as: UTF8.self))?.value(at: "result")?.string ?? ""
  }

  private func delete(_ password: String, from address: String = "192.0.2.1") -> String {
    ask("/i/users/deleteOwnAccount", ["password": password], from: address)
  }

  @Test("Whoever has a member's key guesses their password no faster here than at the login")
  func guesses() throws {
    for number in 0...LoginDesk(core: stand.core).accountBackoff.free {
      #expect(delete("wrong", from: "10.\(number).0.1") == "password not valid")
    }
    let late = "too many attempts, try again later"
    #expect(delete(Self.password, from: "10.99.0.1") == late)
    let login = try LoginDesk(core: stand.core).attempt(
      name: "ada", password: Self.password, from: ClientAddress("10.98.0.1"))
    #expect(login == .blocked)
    let line = try #require(
      try stand.core.store.auditLines(limit: 9).last { $0.action == "security.login-failed" })
    #expect(line.member == ada.id && line.address == "10.0.0.1")
    try LoginDesk(core: stand.core).forget(name: "ada")
    #expect(delete(Self.password) == "Success")
    #expect(stand.core.members.member(id: ada.id) == nil)
  }

  private func token(_ kind: AccessToken.Kind) throws -> AccessToken {
    try #require(
      try stand.core.tokens.make(NewToken(kind, owner: ada.id, ttl: 0), nowS: 1))
  }

  private func goesOn(_ token: AccessToken) throws -> Bool {
    let isKept = try stand.core.store.tokens().contains { $0.hash == token.hash }
    #expect((stand.core.tokens.find(token.text, nowS: 1) != nil) == isKept)
    return isKept
  }

  @Test("A member's own new password ends every session of theirs but the one it was chosen in")
  func sessions() throws {
    let (here, there) = (try token(.session), try token(.session))
    let (link, program) = (try token(.link), try token(.program))
    func change(_ password: String, session: AccessToken?) -> String {
      ask(
        "/i/users/update", ["args": #"{"user_id":"\#(ada.id)","password":"\#(password)"}"#],
        session: session, from: "192.0.2.1")
    }
    #expect(change("Another-2", session: here) == "Success")
    #expect(try goesOn(here) && !goesOn(there) && !goesOn(link) && goesOn(program))
    // Nobody is in a browser there: all of them end.
    #expect(change("Another-3", session: nil) == "Success")
    #expect(try !goesOn(here) && goesOn(program))
  }
}
