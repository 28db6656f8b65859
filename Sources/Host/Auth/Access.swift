import Store

/// Who asks, and may they: the checks of a question, in the order whose first failure clients see.
struct Access: Sendable {
  /// What a request brings along.
  struct Credentials: Sendable {
    var apiKey: String?
    /// A parameter or the header `countly-token`.
    var authToken: String?
  }

  let members: MemberDirectory

  /// The caller, or why there is none. No tokens are issued, so that a token never names a member
  /// and the api key decides.
  func member(_ credentials: Credentials) throws(AccessDenial) -> Member {
    guard let apiKey = credentials.apiKey else {
      throw credentials.authToken == nil ? .credentialMissing : .tokenInvalid
    }
    guard let member = members.member(apiKey: apiKey) else { throw .memberUnknown }
    return member
  }

  /// The caller, who must be allowed everything.
  func globalAdmin(_ credentials: Credentials) throws(AccessDenial) -> Member {
    let member = try member(credentials)
    guard member.isGlobalAdmin else { throw .globalAdminOnly }
    return member
  }

  /// Whether the caller may read an app: exists, names an app, has the right, is not locked, the
  /// app exists. `appExists` is asked last. A global administrator may leave the app out; what then
  /// has no app to answer about says so itself.
  func reader(
    _ credentials: Credentials, appID: String?, appExists: (String) -> Bool
  ) throws(AccessDenial) -> Member {
    let member = try member(credentials)
    guard member.isGlobalAdmin else { throw appID == nil ? .appMissing : .rightMissing }
    if let appID, !appExists(appID) { throw .appUnknown }
    return member
  }
}
