import Store

/// Who asks, and may they: the checks of a request, in the order whose first failure clients see.
struct Access: Sendable {
  /// What a request brings along.
  struct Credentials: Sendable {
    var apiKey: String?
    /// A parameter or the header `countly-token`.
    var authToken: String?
    /// The header `Authorization: Bearer`.
    var signed: String?
    /// A browser's, where nothing else is brought.
    var session: SessionCookie?
    /// What only a page of this server knows of that browser.
    var csrf: String?
    /// Nothing is changed, and no other page can read the answer.
    var isReading = false
    /// What is asked for; tokens may be for some of it.
    var path = ""
    var parameters: [String: String] = [:]

    init(apiKey: String? = nil, authToken: String? = nil) {
      self.apiKey = apiKey
      self.authToken = authToken
    }

    init(_ parameters: [String: String], path: String) {
      self.init(apiKey: parameters["api_key"], authToken: parameters["auth_token"])
      (self.path, self.parameters) = (path, parameters)
    }

    init(_ request: QueryRequest) {
      self.init(request.parameters, path: request.path)
      (signed, session) = (request.bearer, request.session)
      csrf = request.csrf ?? parameters["_csrf"]
      isReading =
        ["GET", "HEAD"].contains(request.httpMethod) && parameters["callback"] == nil
        && (path == "/o" || path.hasPrefix("/o/"))
    }
  }

  /// What a route asks of whoever calls it. A right is to a feature of the app that the request
  /// names.
  enum Need: Sendable {
    case member
    case globalAdmin
    case right(Permission.Action, String)
    case appAdmin

    static let readCore = Need.right(.read, "core")
  }

  /// Who asks, and the token they came with, if it was one.
  struct Caller: Sendable {
    let member: Member
    let token: AccessToken?
    /// It came with a signed token.
    var isSigned = false

    /// Whether it is less than the member. What it is told must not make it more.
    var isLess: Bool { isSigned || token?.isNarrow == true }
  }

  /// Who it is, before what they may.
  private struct Identity {
    let rights: MemberRights
    var token: AccessToken?
    var isSigned = false
  }

  let members: MemberDirectory
  let tokens: TokenKeeper
  /// False on event loops: what a check has to write is then written behind it.
  var mayWait = true
  var nowMs: @Sendable () -> Int64 = { Clock.system.nowMs }
  /// Keeps who was turned away.
  var security: SecurityLog?

  /// Who it is, or why nobody. A token that is valid decides; else the api key does.
  private func identify(
    _ credentials: Credentials
  ) throws(AccessDenial) -> Identity {
    if let text = credentials.authToken, let found = try owner(text, credentials) { return found }
    if let text = credentials.signed,
      let caller = SignedToken(vault: tokens.vault).caller(text, members, nowS: nowMs() / 1_000)
    {
      return Identity(rights: caller, isSigned: true)
    }
    if let apiKey = credentials.apiKey {
      guard let caller = members.caller(apiKey: apiKey) else { throw .memberUnknown }
      return Identity(rights: caller)
    }
    guard credentials.authToken == nil, credentials.signed == nil else { throw .tokenInvalid }
    guard let session = credentials.session,
      let found = try owner(session.value, credentials, only: .session)
    else { throw .credentialMissing }
    guard credentials.isReading || session.isSent(by: credentials.csrf, tokens.vault) else {
      throw .csrfMissing
    }
    return found
  }

  /// Whom a token stands for, as far as it does; nil when it is not valid for this.
  private func owner(
    _ text: String, _ credentials: Credentials, only kind: AccessToken.Kind? = nil
  ) throws(AccessDenial) -> Identity? {
    let nowS = nowMs() / 1_000
    guard let entry = tokens.find(text, nowS: nowS), entry.token.kind == kind ?? entry.token.kind,
      entry.token.kind != .link,
      let scope = entry.scope, scope.covers(credentials),
      let caller = members.caller(id: entry.token.owner)
    else { return nil }
    if entry.token.isMulti {
      if entry.token.kind == .session { tokens.prolong(entry, nowS: nowS) }
    } else {
      do { guard try tokens.spend(entry, waits: mayWait) else { return nil } } catch {
        throw .tokenFailed
      }
    }
    return Identity(rights: scope.narrowed(caller), token: entry.token)
  }

  /// The caller, who must be allowed what is needed. Of rights: exists, names an app, has the
  /// right, is not locked, the app exists. `appExists` is asked last. A global administrator may
  /// leave the app out; what then has no app to answer about says so itself.
  func member(
    _ credentials: Credentials, _ need: Need, appID: String? = nil,
    appExists: (String) -> Bool = { _ in true }
  ) throws(AccessDenial) -> Member {
    try caller(credentials, need, appID: appID, appExists: appExists).member
  }

  /// The same with the token.
  func caller(
    _ credentials: Credentials, _ need: Need, appID: String? = nil,
    appExists: (String) -> Bool = { _ in true }
  ) throws(AccessDenial) -> Caller {
    let identity = try identify(credentials)
    let caller = identity.rights
    let member = caller.member
    switch need {
    case .member: break
    case .globalAdmin: guard member.isGlobalAdmin else { throw .globalAdminOnly }
    case .right(let action, let feature):
      guard member.isGlobalAdmin || appID != nil else { throw .appMissing }
      guard caller.may(action, feature, app: appID) else { throw .rightMissing }
    case .appAdmin:
      guard caller.administers(app: appID) else { throw .appAdminOnly }
    }
    guard !member.isLocked else { throw .memberLocked }
    if let appID, !appExists(appID) { throw .appUnknown }
    return Caller(member: member, token: identity.token, isSigned: identity.isSigned)
  }
}

/// A member with the rights they have.
struct MemberRights: Sendable {
  let member: Member
  let permission: Permission

  init(_ member: Member) {
    self.member = member
    permission = Permission(JSONValue(member.permission) ?? .null)
  }

  /// Whether they may; nil stands for no app at all.
  func may(_ action: Permission.Action, _ feature: String, app: String?) -> Bool {
    member.isGlobalAdmin
      || app.map { permission.allows(action, feature, app: $0) } ?? false
  }

  func administers(app: String?) -> Bool {
    member.isGlobalAdmin || app.map(permission.administers) ?? false
  }
}
