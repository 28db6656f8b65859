/// `/mobile/login`: the api key for name and password, on a page.
struct KeyPage: Sendable {
  static let path = "/mobile/login"

  let desk: LoginDesk

  func form(_ request: PageRequest) -> Page {
    let message = request.parameters["message"].flatMap { LoginPages.messages[$0] }
    let shown = message.map { "<p class=\"wrong\" role=\"status\">\($0)</p>" } ?? ""
    return Page(
      title: "Show an api key",
      body: """
        \(shown)<form method="post" action="\(Self.path)">
        <label>Username or e-mail address
        <input name="username" autocomplete="username" required autofocus></label>
        <label>Password
        <input name="password" type="password" autocomplete="\(desk.autocomplete)" required></label>
        <button>Show the key</button></form>
        """, theme: desk.core.spaces.text(.theme))
  }

  func show(_ request: PageRequest) throws -> PageReply {
    let outcome = try desk.attempt(
      name: request.parameters["username"] ?? "", password: request.parameters["password"] ?? "",
      from: request.address)
    switch outcome {
    case .success(let member):
      return Page(
        title: "The api key of \(member.username)",
        body: "<p><code id=\"api_key\">\(Page.escaped(member.apiKey))</code></p>"
      ).reply()
    case .expired(let member): return try PasswordLinks(core: desk.core).force(member)
    case .failed: return .redirect(to: "/mobile/login?message=login.result")
    case .blocked: return .redirect(to: "/mobile/login?message=login.blocked")
    case .locked: return .redirect(to: "/mobile/login?message=login.locked")
    }
  }
}
