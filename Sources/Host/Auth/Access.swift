import Store

/// Who asks, and may they: the checks of a request, in the order whose first failure clients see.
struct Access: Sendable {
  /// What a request brings along.
  struct Credentials: Sendable {
    var apiKey: String?
    /// A parameter or the header `countly-token`.
    var authToken: String?

    init(apiKey: String? = nil, authToken: String? = nil) {
      self.apiKey = apiKey
      self.authToken = authToken
    }

    init(_ parameters: [String: String]) {
      self.init(apiKey: parameters["api_key"], authToken: parameters["auth_token"])
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

  let members: MemberDirectory

  /// The caller, or why there is none. No tokens are issued, so that a token never names a member
  /// and the api key decides.
  private func caller(_ credentials: Credentials) throws(AccessDenial) -> MemberRights {
    guard let apiKey = credentials.apiKey else {
      throw credentials.authToken == nil ? .credentialMissing : .tokenInvalid
    }
    guard let caller = members.caller(apiKey: apiKey) else { throw .memberUnknown }
    return caller
  }

  /// The caller, who must be allowed what is needed. Of rights: exists, names an app, has the
  /// right, is not locked, the app exists. `appExists` is asked last. A global administrator may
  /// leave the app out; what then has no app to answer about says so itself.
  func member(
    _ credentials: Credentials, _ need: Need, appID: String? = nil,
    appExists: (String) -> Bool = { _ in true }
  ) throws(AccessDenial) -> Member {
    let caller = try caller(credentials)
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
    return member
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
