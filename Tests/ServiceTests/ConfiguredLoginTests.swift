import Store
import TestThreads
import Testing

@testable import Host

/// What the namespace `security` says about passwords and logins, where a conversation has no clock.
@Suite(.serialized, .ownThread) struct ConfiguredLoginTests {
  private let stand: Stand
  private let ada: Member
  private static let password = "Secret-1"
  private static let dayMs: Int64 = 86_400_000

  init() throws {
    stand = try Stand()
    ada = try stand.core.store.createMember(
      NewMember(username: "ada", passwordHash: try PasswordHash.make(Self.password)),
      nowMs: Clock.system.nowMs)
    try stand.core.reloadAdministration()
  }

  private func set(_ key: ConfigurationKey, _ value: ReportValue) throws {
    try stand.core.keep([key.space: [key.name: value]], by: ada)
  }

  private func attempt(afterDays days: Int64 = 0) throws -> LoginDesk.Outcome {
    var desk = LoginDesk(core: stand.core)
    let nowMs = Clock.system.nowMs + days * Self.dayMs
    desk.nowMs = { nowMs }
    return try desk.attempt(name: "ada", password: Self.password, from: nil)
  }

  private func isLogged(_ outcome: LoginDesk.Outcome) -> Bool {
    if case .success = outcome { true } else { false }
  }

  private func isExpired(_ outcome: LoginDesk.Outcome) -> Bool {
    if case .expired = outcome { true } else { false }
  }

  @Test(
    "A password expires after so many days, counted from when it was chosen, and never by default")
  func expiration() throws {
    #expect(try isLogged(attempt(afterDays: 3_000)))
    try set(.passwordExpiration, .int(30))
    #expect(try isLogged(attempt(afterDays: 29)))
    #expect(try isExpired(attempt(afterDays: 31)))
    var chosen = MemberChange()
    chosen.passwordHash = try PasswordHash.make(Self.password)
    chosen.passwordChangedMs = Clock.system.nowMs + 20 * Self.dayMs
    _ = try stand.core.store.updateMember(id: ada.id, chosen) { _ in [] }
    try stand.core.reloadAdministration()
    #expect(try isLogged(attempt(afterDays: 31)))
    #expect(try isExpired(attempt(afterDays: 51)))
  }

  @Test("Who logs in with a password that is too old chooses another, and only then is in")
  func forced() throws {
    try set(.passwordExpiration, .int(1))
    let link = try #require(try PasswordLinks(core: stand.core).make(.expired, for: ada))
    #expect(PageReply.redirect(to: link).header("Location") == "/reset?token=\(link.text)")
    let pages = LoginPages(core: stand.core)
    func send(_ password: String?) -> PageReply {
      var parameters = ["token": link.text]
      parameters["password"] = password
      return pages.answer(
        PageRequest(
          method: password == nil ? "GET" : "POST", path: "/reset", parameters: parameters))
    }
    let form = send(nil)
    #expect(form.status == 200 && form.body.contains("too old"))
    #expect(form.body.contains("action=\"/reset\""))
    let again = send(Self.password)
    #expect(again.status == 400 && again.body.contains("one of the last 3"))
    #expect(send("Another-2").header("Location") == "/login?message=login.chosen")
    let member = try #require(stand.core.members.member(id: ada.id))
    #expect(member.passwordChangedMs > 0)
    #expect(send("Third-33").status == 404)
  }

  @Test("Waits begin with what is set, and double")
  func waits() throws {
    try set(.loginTries, .int(2))
    try set(.loginWait, .int(10))
    let desk = LoginDesk(core: stand.core)
    #expect((0...4).map(desk.accountBackoff.waitMs) == [0, 0, 10_000, 20_000, 40_000])
    #expect(desk.accountBackoff.waitMs(after: 40) == 3_600_000)
    #expect(desk.networkBackoff.waitMs(after: 13) == 0)
    #expect(desk.networkBackoff.waitMs(after: 14) == 10_000)
    try set(.loginWait, .int(7_200))
    #expect(LoginDesk(core: stand.core).accountBackoff.waitMs(after: 3) == 7_200_000)
  }

  @Test("The form has browsers fill the password in, or not")
  func autocomplete() throws {
    func form() -> String {
      LoginPages(core: stand.core).answer(PageRequest(method: "GET", path: "/login")).body
    }
    #expect(form().contains("autocomplete=\"current-password\""))
    try set(.passwordAutocomplete, .bool(false))
    #expect(form().contains("type=\"password\" autocomplete=\"off\""))
  }

  @Test("What is set is there after a restart")
  func restart() throws {
    try set(.passwordMin, .int(20))
    try stand.restart()
    #expect(stand.core.spaces.number(.passwordMin) == 20)
    try set(.passwordMin, .null)
    #expect(stand.core.spaces.number(.passwordMin) == 8)
  }

  @Test("Links begin with `api.domain`, and with `public_url` where the operator gave one")
  func domain() throws {
    #expect(stand.core.publicAddress.hasPrefix("http://127.0.0.1"))
    try set(.domain, .string("https://tally.example.org"))
    #expect(stand.core.publicAddress == "https://tally.example.org" && stand.core.isSecure)
    let given = try Stand(configure: { $0.publicURL = "http://own.example.org" })
    #expect(given.core.publicAddress == "http://own.example.org" && !given.core.isSecure)
    #expect(throws: PluginManager.Refusal.self) {
      try given.core.spaces.refuseWeaker(["api": ["domain": .string("https://x.org")]])
    }
  }
}
