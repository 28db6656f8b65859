import Foundation
import Store

/// Links by which somebody chooses their password, once: the owner of a new store (`/setup`), and
/// whoever lost theirs (`/reset`).
final class PasswordLinks: Sendable {
  enum Purpose: String, Sendable {
    case setup, reset
    /// Their own is too old.
    case expired

    /// Its page.
    var path: String { self == .setup ? "/setup" : "/reset" }

    fileprivate var title: String {
      switch self {
      case .setup: "Welcome"
      case .reset: "Choose a password"
      case .expired: "Your password is too old: choose another"
      }
    }
  }

  /// How long a link works.
  static let seconds: Int64 = 86_400
  static let nameBytesMax = 256

  private let core: Core
  private let oneByOne = NSLock()

  init(core: Core) { self.core = core }

  static func new(_ purpose: Purpose, for member: Member) -> NewToken {
    var new = NewToken(.link, owner: member.id, ttl: seconds)
    (new.purpose, new.isMulti) = (purpose.rawValue, false)
    return new
  }

  /// The address that whoever opens it may choose a password at.
  static func address(_ token: AccessToken, at publicAddress: String) -> String {
    publicAddress + path(of: token)
  }

  static func path(of token: AccessToken) -> String {
    "\((Purpose(rawValue: token.purpose) ?? .reset).path)?token=\(token.text)"
  }

  /// Nil when the member is gone.
  func make(_ purpose: Purpose, for member: Member) throws -> AccessToken? {
    try core.tokens.make(Self.new(purpose, for: member), nowS: Clock.system.nowMs / 1_000)
  }

  /// On to where somebody has to choose another password, whose own is too old.
  func force(_ member: Member) throws -> PageReply {
    guard let link = try make(.expired, for: member) else {
      return .redirect(to: "/login?message=login.result")
    }
    return .redirect(to: link)
  }

  // MARK: Pages

  func form(_ request: PageRequest) -> PageReply {
    guard let (member, token) = find(request) else { return Self.unknown }
    return form(member, token, refusals: [])
  }

  func choose(_ request: PageRequest) throws -> PageReply {
    oneByOne.lock()
    defer { oneByOne.unlock() }
    guard let (member, token) = find(request) else { return Self.unknown }
    let password = request.parameters["password"] ?? ""
    var change = MemberChange()
    if token.purpose == Purpose.setup.rawValue {
      change.username = (request.parameters["username"] ?? "").trimmingCharacters(in: .whitespaces)
      change.fullName = request.parameters["full_name"]
      change.email = request.parameters["email"]?.lowercased()
    }
    let refusals = try refusals(password, change, member)
    guard refusals.isEmpty else { return form(member, token, refusals: refusals) }
    change.passwordHash = try PasswordHash.make(password)
    change.passwordChangedMs = Clock.system.nowMs
    // The link goes in the same step, and every other one with it.
    change.endsSessions = true
    let line = AuditLine(
      atMs: Clock.system.nowMs, plugin: "", member: member.id, app: 0,
      action: "member.password.chosen", detail: token.purpose)
    do throws(StoreError) {
      _ = try core.store.updateMember(id: member.id, change) { _ in [line] }
    } catch {
      guard error.code == .taken else { throw error }
      return form(
        member, token, refusals: ["There is a member of that name or e-mail address already."])
    }
    core.tokens.forget { $0.owner == member.id && $0.isOfPassword }
    try core.reloadAdministration()
    return .redirect(to: "/login?message=login.chosen")
  }

  private func refusals(
    _ password: String, _ change: MemberChange, _ member: Member
  ) throws -> [String] {
    let named = [
      ("name", change.username, 1), ("full name", change.fullName, 0),
      ("e-mail address", change.email, 0),
    ].compactMap { what, text, bytesMin -> String? in
      guard let text else { return nil }
      let isFine =
        (bytesMin...Self.nameBytesMax).contains(text.utf8.count)
        && !text.hasControlCharacters
      return isFine ? nil : "The \(what) must have \(bytesMin) to \(Self.nameBytesMax) bytes."
    }
    return try named
      + PasswordRules(core.spaces).refusals(of: password, for: member, in: core.store)
  }

  private func find(_ request: PageRequest) -> (Member, AccessToken)? {
    guard let text = request.parameters["token"],
      let token = core.tokens.find(text, nowS: Clock.system.nowMs / 1_000)?.token,
      token.kind == .link, Purpose(rawValue: token.purpose)?.path == request.path,
      let member = core.members.member(id: token.owner)
    else { return nil }
    return (member, token)
  }

  private func form(_ member: Member, _ token: AccessToken, refusals: [String]) -> PageReply {
    let purpose = Purpose(rawValue: token.purpose) ?? .reset
    let isSetup = purpose == .setup
    let wrong = refusals.map { "<li>\(Page.escaped($0))</li>" }.joined()
    let name = Page.escaped(member.username)
    let nameField =
      isSetup
      ? """
      <label>Username <input name="username" autocomplete="username" value="\(name)" \
      required></label>
      <label>Full name, if you like <input name="full_name" autocomplete="name" \
      value="\(Page.escaped(member.fullName))"></label>
      <label>E-mail address, if you like <input name="email" type="email" autocomplete="email" \
      value="\(Page.escaped(member.email))"></label>
      """
      : "<p>For the member <b>\(name)</b>.</p>"
    let page = Page(
      title: purpose.title,
      body: """
        \(wrong.isEmpty ? "" : "<ul class=\"wrong\" role=\"alert\">\(wrong)</ul>")
        <form method="post" action="\(purpose.path)">\(nameField)
        <label>Password, of \(PasswordRules(core.spaces).words)
        <input name="password" type="password" autocomplete="new-password" required></label>
        <input type="hidden" name="token" value="\(token.text)"><button>Save</button></form>
        """, theme: core.spaces.text(.theme))
    return page.reply(status: refusals.isEmpty ? 200 : 400)
  }

  private static let unknown = Page(
    title: "This link does not work",
    body: "<p>It was used, is too old, or was never made. An administrator of the server makes "
      + "another with <code>tally member reset NAME</code>.</p>"
  ).reply(status: 404)
}
