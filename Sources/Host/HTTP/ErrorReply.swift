/// What a refusal looks like to the client. The one place that decides it.
struct ErrorReply {
  let status: Int
  /// The `result` text; the protocol's own where it has one.
  let text: String
  /// Seconds after which the client should try again.
  var retryAfter: Int?

  /// SDKs keep and repeat whatever is not answered 2xx, so what can never succeed is 200 where the
  /// protocol says so, and what may succeed later is 503.
  init(_ refusal: Refusal) {
    switch refusal {
    case .missingIDs: self.init(400, #"Missing parameter "app_key" or "device_id""#)
    case .zeroDeviceID: self.init(200, "Ignoring device_id")
    case .unknownApp: self.init(400, "App does not exist")
    case .pausedApp: self.init(400, "App is currently not accepting data")
    case .lockedApp: self.init(403, "App is locked")
    case .checksumMissing: self.init(200, "Request does not have checksum")
    case .checksumMismatch: self.init(200, "Request does not match checksum")
    case .requestsMissing: self.init(400, #"Missing parameter "requests""#)
    case .requestsInvalid: self.init(400, #"Invalid parameter "requests""#)
    case .appIDInvalid: self.init(400, #"Invalid parameter "app_id""#)
    case .userIDInvalid: self.init(400, #"Invalid parameter "user_id""#)
    case .methodNotAllowed: self.init(405, "Method not allowed")
    case .malformedRequest: self.init(400, "Malformed request")
    case .malformedBody: self.init(400, "Request body is not a JSON object")
    case .malformedMultipart: self.init(400, "Request body is not a multipart form")
    case .unsupportedBody: self.init(415, "Content type is not supported")
    case .deviceIDTooLong: self.init(400, #"Parameter "device_id" is too long"#)
    case .parameterNameTooLong: self.init(400, "Parameter name is too long")
    case .tooManyParameters: self.init(400, "Too many parameters")
    case .tooManyItems: self.init(413, #"Parameter "requests" has too many items"#)
    case .tooDeep: self.init(400, "Request body is nested too deeply")
    case .headersTooLarge: self.init(431, "Request header is too large")
    case .bodyTooLarge: self.init(413, "Request body is too large")
    case .requestTimeout: self.init(408, "Request took too long to arrive")
    case .connectionLimit: self.init(503, "Too many connections", retryAfter: 5)
    case .requestLimit: self.init(503, "Too many requests in flight", retryAfter: 1)
    case .bodyMemoryLimit: self.init(503, "Too many large requests in flight", retryAfter: 1)
    case .journalFull: self.init(503, "Server is busy", retryAfter: 1)
    case .diskReserve: self.init(503, "Server is out of disk space", retryAfter: 60)
    case .plugin: self.init(400, "Request is refused")
    case .redirected: self.init(200, "Success")
    case .redirectFailed: self.init(400, "Redirect error")
    case .redirectLoop: self.init(400, "Redirect error. The request was redirected before")
    case .redirectMixed:
      self.init(400, "Redirect error. Requests of a redirected app cannot be mixed with others")
    case .notIngested: self.init(400, "Could not ingest data")
    case .journalBroken, .syncFailed: self.init(503, "Server cannot store data", retryAfter: 10)
    }
  }

  /// What an intake hook answers.
  init(status: Int, text: String) {
    self.init(status, text, retryAfter: status == 503 ? 1 : nil)
  }

  private init(_ status: Int, _ text: String, retryAfter: Int? = nil) {
    self.status = status
    self.text = text
    self.retryAfter = retryAfter
  }
}
