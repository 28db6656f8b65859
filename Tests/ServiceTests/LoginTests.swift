import Foundation
import Store
import Synchronization
import TestThreads
import Testing

import enum Harness.Patience

@testable import Host

/// Pages of a server, asked as a browser asks.
@Suite(.serialized, .ownThread) struct LoginTests {
  private let stand: Stand
  private let ada: Member
  private static let password = "Secret-1"

  init() throws {
    stand = try Stand(configure: { $0.publicURL = "https://tally.example.org" })
    ada = try Self.member("ada", in: stand)
  }

  private static func member(
    _ name: String, in stand: Stand, hash: String? = nil
  ) throws -> Member {
    let made = try stand.core.store.createMember(
      NewMember(
        username: name, email: "\(name)@x.org",
        passwordHash: try hash ?? PasswordHash.make(password)),
      nowMs: 1)
    try stand.core.reloadAdministration()
    return made
  }

  private var pages: LoginPages { LoginPages(core: stand.core) }

  /// A browser: it keeps its cookie and sends the hidden field of the last form.
  private final class Browser {
    let pages: LoginPages
    var cookie: SessionCookie?
    var csrf: String?
    var address = ClientAddress("203.0.113.7")

    init(_ pages: LoginPages) { self.pages = pages }

    func send(_ method: String, _ path: String, _ parameters: [String: String] = [:]) -> PageReply {
      var request = PageRequest(method: method, path: path, parameters: parameters)
      (request.cookie, request.address) = (cookie, address)
      let reply = pages.answer(request)
      if let set = reply.header("Set-Cookie") {
        cookie = SessionCookie(header: String(set.prefix { $0 != ";" }))
      }
      if let field = reply.body.firstMatch(of: /value="([^"]{36})" name="_csrf"/) {
        csrf = String(field.1)
      }
      return reply
    }

    func login(_ name: String, _ password: String) -> PageReply {
      _ = send("GET", "/login")
      return send(
        "POST", "/login", ["username": name, "password": password, "_csrf": csrf ?? ""])
    }
  }

  private func isLogged(_ reply: PageReply) -> Bool {
    reply.status == 302 && reply.header("Location") == "/dashboard"
  }

  private func refused(_ reply: PageReply, _ message: String) -> Bool {
    reply.status == 302 && reply.header("Location") == "/login?message=login.\(message)"
  }

  @Test("A login is one session of half an hour; the logout ends it, and the cookie is none before")
  func inAndOut() throws {
    let browser = Browser(pages)
    #expect(browser.send("GET", "/dashboard").header("Location") == "/login")
    let form = browser.send("GET", "/login")
    #expect(form.status == 200 && form.header("Content-Type") == "text/html; charset=utf-8")
    let (before, csrf) = (browser.cookie, browser.csrf)
    #expect(isLogged(browser.login("ada", Self.password)))
    #expect(browser.cookie != before && browser.cookie != nil)
    let token = try #require(try stand.core.store.tokens().first)
    #expect(try stand.core.store.tokens().count == 1)
    #expect(token.owner == ada.id && token.isMulti && token.ttl == 1_800)
    #expect(token.purpose == "LoggedInAuth")
    let page = browser.send("GET", "/dashboard")
    #expect(page.status == 200)
    let found = page.body.firstMatch(of: /countlyGlobal\["csrf_token"\] = "([^"]{36})"/)
    #expect(found.map { String($0.1) } == browser.csrf && browser.csrf != csrf)
    #expect(isLogged(browser.send("GET", "/login")))
    #expect(browser.send("POST", "/logout").status == 403)
    let out = browser.send("POST", "/logout", ["_csrf": browser.csrf ?? ""])
    #expect(out.header("Location") == "/login")
    #expect(out.header("Set-Cookie")?.hasSuffix("Max-Age=0") == true)
    #expect(try stand.core.store.tokens().isEmpty)
    browser.cookie = SessionCookie(token.text)
    #expect(browser.send("GET", "/dashboard").header("Location") == "/login")
    #expect(isLogged(Browser(pages).login("ADA@x.org", Self.password)))
    let noted = try #require(stand.core.members.member(id: ada.id))
    #expect(noted.lastLoginMs > 0)
  }

  @Test("A form that another page made is refused, whatever it carries")
  func foreignForms() {
    let fields = ["username": "ada", "password": Self.password]
    let browser = Browser(pages)
    #expect(browser.send("POST", "/login", fields).status == 403)
    _ = browser.send("GET", "/login")
    let attacker = Browser(pages)
    _ = attacker.send("GET", "/login")
    for csrf in [nil, "", "x", attacker.csrf] {
      var sent = fields
      sent["_csrf"] = csrf
      #expect(browser.send("POST", "/login", sent).status == 403)
    }
    #expect(isLogged(browser.login("ada", Self.password)))
  }

  @Test("No page runs what others wrote, is framed, kept or read as something else")
  func safety() throws {
    let name = "<script>alert(1)</script>\" onload=\"x"
    _ = try Self.member(name, in: stand)
    let browser = Browser(pages)
    let login = browser.send("GET", "/login", ["message": "<script>", "next": "https://evil.org"])
    #expect(isLogged(browser.login(name, Self.password)))
    let dashboard = browser.send("GET", "/dashboard")
    let unknown = browser.send("GET", "/reset", ["token": "<script>"])
    for reply in [login, dashboard, unknown] {
      let policy = reply.header("Content-Security-Policy") ?? ""
      #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
      #expect(policy.contains("form-action 'self'") && !policy.contains("unsafe"))
      #expect(reply.header("X-Frame-Options") == "deny")
      #expect(reply.header("X-Content-Type-Options") == "nosniff")
      #expect(reply.header("Cache-Control") == "no-store")
      #expect(reply.header("Referrer-Policy") == "no-referrer")
      #expect(!reply.body.contains("<script>") && !reply.body.contains("evil.org"))
      #expect(!reply.body.contains("\" onload=\""))
    }
    let cookie = login.header("Set-Cookie") ?? ""
    #expect(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"))
    #expect(cookie.hasSuffix("; Secure"))
  }

  @Test("Wrong names and passwords look the same, and cost one hash of the same price")
  func enumeration() throws {
    _ = try stand.core.store.createMember(NewMember(username: "empty"), nowMs: 1)
    try stand.core.reloadAdministration()
    for name in ["ada", "nobody", "empty", ""] {
      let browser = Browser(pages)
      _ = browser.send("GET", "/login")
      let reply = browser.send(
        "POST", "/login", ["username": name, "password": "wrong", "_csrf": browser.csrf ?? ""])
      #expect(refused(reply, "result"), "\(name)")
      let judged = Mutex<[String]>([])
      var desk = LoginDesk(core: stand.core)
      desk.matches = { _, hash in
        judged.withLock { $0.append(hash) }
        return false
      }
      #expect(try desk.attempt(name: name, password: "wrong", from: nil) == .failed)
      let hashes = judged.withLock { $0 }
      #expect(hashes.count == 1 && hashes.allSatisfy(PasswordHash.isCurrent), "\(name)")
    }
    // The hash of nobody is one that can be judged, and not refused at once for its form.
    let parts = { (hash: String) in hash.split(separator: "$").map(\.count) }
    #expect(try parts(PasswordHash.nobodys) == parts(PasswordHash.make("any")))
  }

  @Test("Too many attempts wait, longer each time, over a restart, for an account as for a network")
  func waiting() throws {
    var nowMs = Clock.system.nowMs
    func attempt(_ name: String, _ password: String, _ address: String) throws -> LoginDesk.Outcome
    {
      var desk = LoginDesk(core: stand.core)
      let time = nowMs
      desk.nowMs = { time }
      return try desk.attempt(name: name, password: password, from: ClientAddress(address))
    }
    for name in ["ada", "nobody"] {
      for number in 0...LoginDesk(core: stand.core).accountBackoff.free {
        #expect(try attempt(name, "wrong", "10.\(number).0.1") == .failed, "\(name) \(number)")
      }
      #expect(try attempt(name, Self.password, "10.99.0.1") == .blocked)
    }
    #expect(try attempt("ada@x.org", Self.password, "10.99.0.1") == .blocked)
    try stand.restart()
    #expect(try attempt("ada", Self.password, "10.99.0.1") == .blocked)
    nowMs += 300_000
    #expect(try attempt("ada", "wrong", "10.98.0.1") == .failed)
    nowMs += 599_000
    #expect(try attempt("ada", Self.password, "10.98.0.1") == .blocked)
    nowMs += 1_000
    guard case .success = try attempt("ada", Self.password, "10.98.0.1") else {
      Issue.record("not logged in")
      return
    }
    #expect(try attempt("ada", "wrong", "10.98.0.1") == .failed)
    for number in 0...LoginDesk(core: stand.core).networkBackoff.free {
      _ = try attempt("name \(number)", "wrong", "192.0.2.\(number)")
    }
    #expect(try attempt("ada", Self.password, "192.0.2.200") == .blocked)
    #expect(try attempt("ada", Self.password, "192.0.3.200") != .blocked)
  }

  @Test("An administrator lets somebody try again at once; a success frees its network of nothing")
  func again() throws {
    let desk = LoginDesk(core: stand.core)
    let address = ClientAddress("203.0.113.9")
    for _ in 0...LoginDesk(core: stand.core).accountBackoff.free {
      _ = try desk.attempt(name: "ada", password: "wrong", from: ClientAddress("10.0.0.1"))
    }
    try desk.forget(name: "ada@X.org")
    for number in 0..<LoginDesk(core: stand.core).networkBackoff.free {
      _ = try desk.attempt(name: "n\(number)", password: "wrong", from: address)
      if number % 5 == 0 {
        let known = try desk.attempt(name: "ada", password: Self.password, from: address)
        #expect(known != .blocked && known != .failed)
      }
    }
    #expect(try desk.attempt(name: "one more", password: "wrong", from: address) == .failed)
    #expect(try desk.attempt(name: "ada", password: Self.password, from: address) == .blocked)
  }

  @Test("A locked member is told so, and only with the right password")
  func locked() throws {
    var lock = MemberChange()
    lock.isLocked = true
    _ = try stand.core.store.updateMember(id: ada.id, lock) { _ in [] }
    try stand.core.reloadAdministration()
    #expect(refused(Browser(pages).login("ada", Self.password), "locked"))
    #expect(refused(Browser(pages).login("ada", "wrong"), "result"))
  }

  @Test("A password hashed at other costs is hashed anew when its member logs in")
  func rehash() throws {
    // "Secret-1", 8 MiB and one pass.
    let old = try Self.cheapHash()
    let bob = try Self.member("bob", in: stand, hash: old)
    #expect(isLogged(Browser(pages).login("bob", Self.password)))
    let now = try #require(stand.core.members.member(id: bob.id)?.passwordHash)
    #expect(now != old && PasswordHash.isCurrent(now) && !PasswordHash.isCurrent(old))
    #expect(isLogged(Browser(pages).login("bob", Self.password)))
    #expect(stand.core.members.member(id: bob.id)?.passwordHash == now)
  }

  private static func cheapHash() throws -> String {
    try PasswordHash.make(password, memoryKiB: 8 << 10, passes: 1)
  }

  @Test("What is read with a browser's cookie is read; what is changed needs the page's token")
  func cookies() throws {
    let browser = Browser(pages)
    #expect(isLogged(browser.login("ada", Self.password)))
    _ = browser.send("GET", "/dashboard")
    func ask(_ method: String, _ path: String, _ more: [String: String] = [:], csrf: String? = nil)
      -> AccessDenial?
    {
      var request = QueryRequest(httpMethod: method, path: path, parameters: more)
      (request.session, request.csrf) = (browser.cookie, csrf)
      do throws(AccessDenial) {
        _ = try stand.core.access.member(.init(request), .member)
        return nil
      } catch { return error }
    }
    #expect(ask("GET", "/o/users/me") == nil)
    #expect(ask("GET", "/o/users/me", ["callback": "steal"]) == .csrfMissing)
    for (method, path) in [("GET", "/i/users/delete"), ("POST", "/i/apps/update"), ("POST", "/o")] {
      #expect(ask(method, path) == .csrfMissing, "\(method) \(path)")
      #expect(ask(method, path, ["_csrf": "x"]) == .csrfMissing)
      #expect(ask(method, path, ["_csrf": browser.csrf ?? ""]) == nil)
      #expect(ask(method, path, csrf: browser.csrf) == nil)
    }
    let program = try #require(
      try stand.core.tokens.make(NewToken(owner: ada.id, ttl: 0), nowS: 1))
    browser.cookie = SessionCookie(program.text)
    #expect(ask("GET", "/o/users/me") == .credentialMissing)
  }

  @Test("A session that is used goes on; one that is not ends")
  func sliding() throws {
    let browser = Browser(pages)
    #expect(isLogged(browser.login("ada", Self.password)))
    let token = try #require(try stand.core.store.tokens().first)
    var access = stand.core.access
    func use(at seconds: Int64) -> Bool {
      access.nowMs = { seconds * 1_000 }
      return (try? access.member(.init(authToken: token.text), .member)) != nil
    }
    let start = token.ends - token.ttl
    #expect(use(at: start + 1_700))
    // What is looked at changes behind the store.
    let isProlonged = Patience.wait {
      stand.core.tokens.tokens(of: ada.id).first?.ends != token.ends
    }
    #expect(isProlonged && use(at: start + 1_900))
    #expect(!use(at: start + 8 * 86_400))
  }

  @Test("The api key is told for name and password, and guesses wait as those at the login do")
  func basic() throws {
    func ask(_ header: String?) -> PageReply {
      var request = PageRequest(method: "GET", path: "/api-key")
      (request.authorization, request.address) = (header, ClientAddress("203.0.113.77"))
      return pages.answer(request)
    }
    func basic(_ text: String) -> String { "Basic \(Data(text.utf8).base64EncodedString())" }
    let told = ask(basic("ada:\(Self.password)"))
    #expect(told.status == 200 && told.body == ada.apiKey && told.body.utf8.count == 32)
    for header in [nil, "", "Basic", "Basic !", basic("ada"), basic("ada:wrong"), "Bearer x"] {
      let refused = ask(header)
      #expect(refused.status == 401 && refused.body == "-1")
      #expect(refused.header("WWW-Authenticate") == "Basic realm=Authorization Required")
    }
    for _ in 0...LoginDesk(core: stand.core).accountBackoff.free { _ = ask(basic("ada:wrong")) }
    #expect(ask(basic("ada:\(Self.password)")).status == 401)
  }
}
