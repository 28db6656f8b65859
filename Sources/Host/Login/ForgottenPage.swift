import Store

/// `/forgot`: where somebody says that they lost their password. No mail is sent: an administrator
/// finds the wish in the log and in the audit, and makes a link with `tally member reset`. What the
/// page says, and how long it takes, tells nobody whether there is such a member.
struct ForgottenPage: Sendable {
  static let path = "/forgot"
  static let messages = [
    "forgot.noted": "It is noted. If there is such an account, an administrator of this server can "
      + "make a link for you, at which you choose a new password.",
    "login.blocked": LoginPages.messages["login.blocked"] ?? "",
  ]

  let desk: LoginDesk

  /// `fields` are hidden ones that the form sends back.
  func form(_ request: PageRequest, fields: String) -> Page {
    let message = request.parameters["message"].flatMap { Self.messages[$0] }
    let shown = message.map { "<p role=\"status\">\($0)</p>" } ?? ""
    return Page(
      title: "A lost password",
      body: """
        \(shown)<p>This server sends no mail. Say who you are; whoever runs it then sees that you \
        asked, and makes a link for you with <code>tally member reset NAME</code>. Tell them \
        yourself, too.</p>
        <form method="post" action="\(Self.path)">
        <label>Username or e-mail address
        <input name="email" autocomplete="username" required></label>
        \(fields)<button>Ask for a link</button></form>
        <p><a href="/login">Sign in</a></p>
        """, theme: desk.core.spaces.text(.theme))
  }

  func ask(_ request: PageRequest) throws -> PageReply {
    let isNoted = try desk.noteForgotten(
      name: request.parameters["email"] ?? "", from: request.address)
    return .redirect(
      to: isNoted ? "/forgot?message=forgot.noted" : "/forgot?message=login.blocked")
  }
}

extension LoginDesk {
  /// Notes that somebody lost their password; false when they have to wait. Wishes of a network
  /// count as its guesses at the login do. Those about an account are counted apart from guesses:
  /// whoever has just failed to sign in is who needs this.
  func noteForgotten(name: String, from address: ClientAddress?) throws -> Bool {
    let member = core.members.member(named: name)
    let account = accountSubject(name, member, "forgotten")
    guard try core.store.beginLogin([account, networkSubject(address)], nowMs: nowMs()) else {
      return false
    }
    // One line, whoever it is.
    note("a password is forgotten", .passwordForgotten, ForgottenPage.path, member, address)
    return true
  }
}
