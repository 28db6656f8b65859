import PluginRuntime

/// Why a question is refused, with the words clients know.
struct QueryError: Error {
  enum Code {
    case missingAppID, invalidAppID, invalidUserID, unknownMethod, unknownPath, unknownUserPath,
      methodNotAllowed,
      appDoesNotExist, bodyTooLarge, deadlinePassed, readCut, pluginFailed, pluginUnavailable,
      storeFailed
  }

  let code: Code
  /// For the operator's log; never sent.
  var detail = ""

  var reply: QueryReply {
    switch code {
    case .missingAppID: QueryReply(status: 400, message: "Missing parameter \"app_id\"")
    case .invalidAppID: QueryReply(status: 400, message: "Invalid parameter \"app_id\"")
    case .invalidUserID: QueryReply(status: 400, message: "Invalid parameter \"user_id\"")
    case .unknownMethod: QueryReply(status: 400, message: "Invalid method")
    case .unknownPath: QueryReply(status: 400, message: "Invalid path")
    case .unknownUserPath:
      QueryReply(status: 400, message: "Invalid path, must be one of /all or /me")
    case .methodNotAllowed: QueryReply(status: 405, message: "Method not allowed")
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
