/// Why a caller is turned away: the status and the text that clients compare with.
enum AccessDenial: Error, Equatable, Sendable {
  case credentialMissing
  case tokenInvalid
  /// It could not be used up.
  case tokenFailed
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
    case .memberUnknown: "User does not exist"
    case .memberLocked: "User is locked"
    case .appMissing: "No app_id provided"
    case .rightMissing: "User does not have right"
    case .appUnknown: "App does not exist"
    case .globalAdminOnly: "User is not a global administrator"
    case .appAdminOnly: "User does not have admin rights for this app"
    }
  }
}
