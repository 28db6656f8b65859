/// Why a request, or one item of a bulk request, was not accepted. Each has a counter at `/metrics`
/// and one answer in `ErrorReply`.
package enum Refusal: String, CaseIterable, Sendable {
  // What the protocol says, word for word.
  case missingIDs = "missing_ids"
  case zeroDeviceID = "zero_device_id"
  case unknownApp = "unknown_app"
  case pausedApp = "paused_app"
  case lockedApp = "locked_app"
  case redirected = "redirected"
  case checksumMissing = "checksum_missing"
  case checksumMismatch = "checksum_mismatch"
  case requestsMissing = "requests_missing"
  case requestsInvalid = "requests_invalid"
  case appIDInvalid = "app_id_invalid"
  case userIDInvalid = "user_id_invalid"
  case methodNotAllowed = "method_not_allowed"
  // What cannot be understood.
  case malformedRequest = "malformed_request"
  case malformedBody = "malformed_body"
  case malformedMultipart = "malformed_multipart"
  case unsupportedBody = "unsupported_body"
  case deviceIDTooLong = "device_id_too_long"
  case parameterNameTooLong = "parameter_name_too_long"
  case tooManyParameters = "too_many_parameters"
  case tooManyItems = "too_many_items"
  case tooDeep = "too_deep"
  // Limits of this server.
  case headersTooLarge = "headers_too_large"
  case bodyTooLarge = "body_too_large"
  case requestTimeout = "request_timeout"
  case connectionLimit = "connection_limit"
  case requestLimit = "request_limit"
  case bodyMemoryLimit = "body_memory_limit"
  // The journal.
  case journalFull = "journal_full"
  case diskReserve = "disk_reserve"
  case journalBroken = "journal_broken"
  case syncFailed = "sync_failed"
  // Of an app whose requests go somewhere else: what did not get there.
  case redirectFailed = "redirect_failed"
  case redirectLoop = "redirect_loop"
  case redirectMixed = "redirect_mixed"
  // What was to be answered behind its commit, and that did not come in time.
  case notIngested = "not_ingested"
  // What an intake hook decided; its plugin says what is answered.
  case plugin = "plugin"
}
