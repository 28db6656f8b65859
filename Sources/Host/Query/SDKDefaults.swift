import Foundation

/// What SDKs are answered when no plugin owns their question: that there is nothing for them. An
/// SDK then goes on with its own defaults instead of logging an error at every start.
enum SDKDefaults {
  /// Without `sdk-behaviour`, SDKs behave as they do by themselves.
  private static let behaviourVersion = 2

  /// What is answered with nothing where no plugin owns it.
  static let methods = [
    "sc", "rc", "fetch_remote_config", "ab_fetch_variants", "ab_fetch_experiments", "feedback",
    "ab",
    "ab_opt_out",
  ]

  /// nil for what SDKs do not ask, or what cannot be answered with nothing.
  static func reply(to request: QueryRequest, nowMs: Int64) -> QueryReply? {
    switch request.parameters["method"] ?? "" {
    case "sc": bare("{\"v\":\(behaviourVersion),\"t\":\(nowMs),\"c\":{}}")
    case "rc", "fetch_remote_config", "ab_fetch_variants": bare("{}")
    case "ab_fetch_experiments": bare("[]")
    case "feedback": bare("{\"result\":[]}")
    case "ab": enrolment(request.parameters["keys"])
    case "ab_opt_out": QueryReply(status: 200, message: "Successfully opted out of ab tests")
    default: nil
    }
  }

  /// A device joins all tests about the keys, which are none; but it has to name keys.
  private static func enrolment(_ keys: String?) -> QueryReply {
    let named = keys.flatMap { try? JSONDecoder().decode([String].self, from: Data($0.utf8)) }
    guard named?.isEmpty == false else { return QueryReply(status: 400, message: "Missing Keys") }
    return QueryReply(status: 200, message: "Successfully enrolled in ab tests")
  }

  private static func bare(_ json: String) -> QueryReply {
    QueryReply(status: 200, body: Array(json.utf8))
  }
}
