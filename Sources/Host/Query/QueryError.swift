import PluginRuntime

/// Why a question is refused, with the words clients know.
struct QueryError: Error {
  enum Code {
    case missingAppID, invalidAppID, invalidUserID, unknownMethod, unknownPath,
      methodNotAllowed, unsafeQuery,
      appDoesNotExist, bodyTooLarge, deadlinePassed, readCut, pluginFailed, pluginUnavailable,
      storeFailed
  }

  let code: Code
  /// For the operator's log; never sent.
  var detail = ""
  /// What there is where an unknown path was asked for.
  private var choices = ""

  init(code: Code, detail: String = "") {
    (self.code, self.detail) = (code, detail)
  }

  /// Nobody answers the path; below some, clients are told what is there.
  init(unknownPath path: String) {
    self.init(code: .unknownPath)
    let parent = path.split(separator: "/").prefix(2).joined(separator: "/")
    choices = Self.below[parent].map { ", must be one of \($0)" } ?? ""
  }

  private static let below = [
    "i/users": "/create, /update, /deleteOwnAccount or /delete",
    "o/users": "/all or /me", "o/app_users": "/all or /me", "i/app_users": "/all or /me",
    "i/events": "/all or /me", "i/apps": "/create, /update, /delete or /reset",
    "o/apps": "/all, /mine, /details or /plugins", "o/analytics": "/dashboard or /countries",
    "i/token": "/delete or /create", "o/token": "/list",
  ]

  var reply: QueryReply {
    switch code {
    case .missingAppID: QueryReply(status: 400, message: "Missing parameter \"app_id\"")
    case .invalidAppID: QueryReply(status: 400, message: "Invalid parameter \"app_id\"")
    case .invalidUserID: QueryReply(status: 400, message: "Invalid parameter \"user_id\"")
    case .unknownMethod: QueryReply(status: 400, message: "Invalid method")
    case .unknownPath: QueryReply(status: 400, message: "Invalid path\(choices)")
    case .methodNotAllowed: QueryReply(status: 405, message: "Method not allowed")
    case .unsafeQuery: QueryReply(status: 400, message: "Unsafe operator in a query")
    case .appDoesNotExist: QueryReply(status: 401, message: "App does not exist")
    case .bodyTooLarge: QueryReply(status: 413, message: "Request body is too large")
    case .deadlinePassed: QueryReply(status: 504, message: "Deadline exceeded")
    case .readCut: QueryReply(status: 504, message: "Reading took too long; ask about less")
    case .pluginUnavailable: QueryReply(status: 503, message: "Plugin unavailable")
    case .pluginFailed, .storeFailed: QueryReply(status: 500, message: "Server error")
    }
  }
}

extension QueryError.Code {
  /// What whoever asked is told about a plugin's failure.
  init(_ code: PluginError.Code) {
    switch code {
    case .late: self = .deadlinePassed
    case .quarantined: self = .pluginUnavailable
    default: self = .pluginFailed
    }
  }
}
