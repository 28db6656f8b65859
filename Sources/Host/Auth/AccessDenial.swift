/// Why a caller is turned away: the status and the text that clients compare with.
enum AccessDenial: Error, Equatable, Sendable {
  case credentialMissing
  case tokenInvalid
  /// It could not be used up.
  case tokenFailed
  /// A browser is logged in, and what it sends may come from anybody's page.
  case csrfMissing
  case memberUnknown
  case memberLocked
  case appMissing
  case rightMissing
  case appUnknown
  case globalAdminOnly
  case appAdminOnly

  var status: Int {
    switch self {
    case .credentialMissing, .tokenInvalid: 400
    case .csrfMissing: 403
    case .tokenFailed, .memberUnknown, .memberLocked, .appMissing, .rightMissing, .appUnknown,
      .globalAdminOnly, .appAdminOnly:
      401
    }
  }

  /// The `result` of the answer.
  var message: String {
    switch self {
    case .credentialMissing: #"Missing parameter "api_key" or "auth_token""#
    case .tokenInvalid: "Token not valid"
    case .tokenFailed: "Token is invalid"
    case .csrfMissing: "Missing or wrong parameter \"_csrf\""
    case .memberUnknown: "User does not exist"
    case .memberLocked: "User is locked"
    case .appMissing: "No app_id provided"
    case .rightMissing, .globalAdminOnly: "User does not have right"
    case .appUnknown: "App does not exist"
    case .appAdminOnly: "User does not have admin rights for this app"
    }
  }
}
