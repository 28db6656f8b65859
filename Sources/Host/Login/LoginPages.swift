import Foundation
import Store

/// What people see before there is a dashboard: login, logout, the first choice of a password and a
/// later one. Blocks: it hashes passwords.
struct LoginPages: Sendable {
  /// Paths and methods that are answered here.
  static let paths: [(method: String, path: String)] = [
    ("GET", "/login"), ("POST", "/login"), ("POST", "/logout"), ("GET", "/dashboard"),
    ("GET", "/api-key"), ("GET", "/setup"), ("POST", "/setup"), ("GET", "/reset"),
    ("POST", "/reset"), ("GET", "/reset/{token}"), ("POST", "/reset/{token}"),
    ("GET", ForgottenPage.path), ("POST", ForgottenPage.path), ("GET", KeyPage.path),
    ("POST", KeyPage.path), ("GET", TokenLogin.path + "/{token}"),
  ]
  let core: Core
  let desk: LoginDesk
  let links: PasswordLinks

  init(core: Core) {
    self.core = core
    desk = LoginDesk(core: core)
    links = PasswordLinks(core: core)
  }

  var vault: Vault { core.store.vault }
  private var isSecure: Bool { core.isSecure }

  func answer(_ request: PageRequest) -> PageReply { dressed(respond(request)) }

  /// With the headers that pages have as it is set.
  func dressed(_ reply: PageReply) -> PageReply {
    let set = AnswerHeader.list(core.spaces.text(.dashboardHeaders)) ?? AnswerHeader.pageStandard
    var reply = reply
    reply.headers += set.map { ($0.name, $0.value) }
    return reply
  }

  private func respond(_ request: PageRequest) -> PageReply {
    do {
      switch (request.method, request.path) {
      case ("GET", "/login"): return loginPage(request)
      case ("POST", "/login"): return try login(request)
      case ("POST", "/logout"): return try logout(request)
      case ("GET", "/dashboard"): return dashboard(request)
      case ("GET", "/api-key"): return try apiKey(request)
      case ("GET", ForgottenPage.path): return forgottenPage(request)
      case ("POST", ForgottenPage.path):
        return isOwnForm(request) ? try ForgottenPage(desk: desk).ask(request) : Self.foreignForm
      case ("GET", KeyPage.path): return KeyPage(desk: desk).form(request).reply()
      case ("POST", KeyPage.path): return try KeyPage(desk: desk).show(request)
      case ("GET", TokenLogin.path): return try loginByToken(request)
      case ("GET", "/setup"), ("GET", "/reset"): return links.form(request)
      case ("POST", "/setup"), ("POST", "/reset"): return try links.choose(request)
      default: return PageReply.plain(404, "Not found")
      }
    } catch {
      core.log.error(
        "page failed", metadata: ["path": "\(request.path)", "reason": "\(error)"])
      return PageReply.plain(500, "Server error")
    }
  }

  // MARK: Login

  static let messages = [
    "login.result": "The name or the password is not right.",
    "login.locked": "This account is locked. An administrator can unlock it.",
    "login.blocked": "Too many attempts. Wait a while, then try again.",
    "login.chosen": "The password is set. Sign in with it.",
  ]

  private func loginPage(_ request: PageRequest) -> PageReply {
    if session(request) != nil { return .redirect(to: "/dashboard") }
    let cookie = request.cookie ?? .visit()
    let message = request.parameters["message"].flatMap { Self.messages[$0] }
    let shown = message.map { "<p class=\"wrong\" role=\"status\">\($0)</p>" } ?? ""
    let page = Page(
      title: "Sign in",
      body: """
        \(shown)<form method="post" action="/login">
        <label>Username or e-mail address
        <input name="username" autocomplete="username" required autofocus></label>
        <label>Password
        <input name="password" type="password" autocomplete="\(desk.autocomplete)" required></label>
        \(csrfField(cookie))<button>Sign in</button></form>
        <p><a href="\(ForgottenPage.path)">I lost my password</a></p>
        """, theme: core.spaces.text(.theme))
    return page.reply(cookie: cookie.header(isSecure: isSecure))
  }

  private func csrfField(_ cookie: SessionCookie) -> String {
    "<input type=\"hidden\" value=\"\(cookie.csrf(vault))\" name=\"_csrf\">"
  }

  private func login(_ request: PageRequest) throws -> PageReply {
    guard isOwnForm(request) else { return Self.foreignForm }
    let outcome = try desk.attempt(
      name: request.parameters["username"] ?? "", password: request.parameters["password"] ?? "",
      from: request.address)
    switch outcome {
    case .failed: return .redirect(to: "/login?message=login.result")
    case .blocked: return .redirect(to: "/login?message=login.blocked")
    case .locked: return .redirect(to: "/login?message=login.locked")
    case .expired(let member): return try links.force(member)
    case .success(let member): return try begin(member)
    }
  }

  private func loginByToken(_ request: PageRequest) throws -> PageReply {
    switch try TokenLogin(desk: desk).attempt(request) {
    case .success(let member, let endS): return try begin(member, endS: endS)
    case .failed: return .redirect(to: "/login?message=login.result")
    case .locked: return .redirect(to: "/login?message=login.locked")
    }
  }

  private func forgottenPage(_ request: PageRequest) -> PageReply {
    let cookie = request.cookie ?? .visit()
    return ForgottenPage(desk: desk).form(request, fields: csrfField(cookie))
      .reply(cookie: cookie.header(isSecure: isSecure))
  }

  /// Logs a browser in, at most until a second. Its cookie is never one that was there before.
  private func begin(_ member: Member, endS: Int64? = nil) throws -> PageReply {
    guard let token = try session(of: member, endS: endS) else {
      return .redirect(to: "/login?message=login.result")
    }
    let cookie = SessionCookie(token.text).header(isSecure: isSecure)
    return .redirect(to: "/dashboard", cookie: cookie)
  }

  private func session(of member: Member, endS: Int64?) throws -> AccessToken? {
    let nowS = desk.nowMs() / 1_000
    var new = NewToken(
      .session, owner: member.id, ttl: core.spaces.sessionSeconds(of: member))
    new.purpose = AccessToken.sessionPurpose
    new.maxEnds = min(nowS + max(ConfigurationSpaces.sessionSecondsMax, new.ttl), endS ?? .max)
    return try core.tokens.make(new, nowS: nowS)
  }

  private func logout(_ request: PageRequest) throws -> PageReply {
    guard isOwnForm(request) else { return Self.foreignForm }
    if let token = session(request)?.token { _ = try core.tokens.delete([token]) }
    return .redirect(to: "/login", cookie: SessionCookie.removal(isSecure: isSecure))
  }

  private func isOwnForm(_ request: PageRequest) -> Bool {
    request.cookie?.isSent(by: request.parameters["_csrf"], vault) ?? false
  }

  private static let foreignForm = Page(
    title: "This form is too old",
    body: "<p>It was not sent from a page of this server, or that page lay open for long. "
      + "<a href=\"/login\">Sign in</a> again.</p>"
  ).reply(status: 403)

  /// Who is logged in in this browser.
  private func session(_ request: PageRequest) -> Access.Caller? {
    guard let cookie = request.cookie else { return nil }
    var credentials = Access.Credentials()
    (credentials.session, credentials.isReading) = (cookie, true)
    return try? core.access.caller(credentials, .member)
  }

  // MARK: Behind the login

  private func dashboard(_ request: PageRequest) -> PageReply {
    guard let cookie = request.cookie, let caller = session(request) else {
      return .redirect(to: "/login")
    }
    let rights = MemberRights(caller.member)
    let apps = (try? core.store.apps()) ?? []
    let own = apps.filter {
      caller.member.isGlobalAdmin || rights.permission.apps.contains($0.hex)
    }
    let rows = own.map {
      "<li>\(Page.escaped($0.name)): <code>\($0.hex)</code></li>"
    }.joined(separator: "\n")
    let page = Page(
      title: "Signed in as \(caller.member.username)",
      body: """
        <p>There are no charts here yet. The numbers of your apps are at
        <code>/o?method=users&amp;app_id=…</code>, in this browser, or with an api key or a token.</p>
        <ul>\(rows)</ul>
        <form method="post" action="/logout">\(csrfField(cookie))<button>Sign out</button></form>
        """,
      script: "var countlyGlobal = {}; countlyGlobal[\"csrf_token\"] = "
        + "\"\(cookie.csrf(vault))\";",
      theme: core.spaces.value(.theme, of: caller.member).text ?? "")
    return page.reply()
  }

  /// The api key for name and password.
  private func apiKey(_ request: PageRequest) throws -> PageReply {
    let parts = Self.basic(request.authorization)
    guard let parts,
      case .success(let member) = try desk.attempt(
        name: parts.name, password: parts.password, from: request.address)
    else {
      return .plain(401, "-1", [("WWW-Authenticate", "Basic realm=Authorization Required")])
    }
    return .plain(200, member.apiKey)
  }

  private static func basic(_ header: String?) -> (name: String, password: String)? {
    guard let header, header.lowercased().hasPrefix("basic "),
      let data = Data(base64Encoded: header.dropFirst(6).trimmingCharacters(in: .whitespaces))
    else { return nil }
    let text = String(decoding: data, as: UTF8.self)
    guard let colon = text.firstIndex(of: ":") else { return nil }
    return (String(text[..<colon]), String(text[text.index(after: colon)...]))
  }
}
