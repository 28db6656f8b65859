import Store

/// Who asks, and may they: the checks of a request, in the order whose first failure clients see.
struct Access: Sendable {
  /// What a request brings along.
  struct Credentials: Sendable {
    var apiKey: String?
    /// A parameter or the header `countly-token`.
    var authToken: String?
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

    init(_ request: QueryRequest) { self.init(request.parameters, path: request.path) }
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
  ) throws(AccessDenial) -> (MemberRights, AccessToken?) {
    if let text = credentials.authToken, let found = try owner(text, credentials) { return found }
    guard let apiKey = credentials.apiKey else {
      throw credentials.authToken == nil ? .credentialMissing : .tokenInvalid
    }
    guard let caller = members.caller(apiKey: apiKey) else { throw .memberUnknown }
    return (caller, nil)
  }

  /// Whom a token stands for, as far as it does; nil when it is not valid for this.
  private func owner(
    _ text: String, _ credentials: Credentials
  ) throws(AccessDenial) -> (MemberRights, AccessToken)? {
    let nowS = nowMs() / 1_000
    guard let entry = tokens.find(text, nowS: nowS), entry.token.kind != .link,
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
    return (scope.narrowed(caller), entry.token)
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
    let (caller, token) = try identify(credentials)
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
    return Caller(member: member, token: token)
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
