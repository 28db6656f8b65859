import PluginRuntime

/// A question as it arrived: where, and with which decoded parameters. Bodies overwrite queries.
struct QueryRequest: Sendable {
  let httpMethod: String
  let path: String
  var parameters: [String: String]
  var body: [UInt8] = []
  var contentType = ""
  /// What follows the first `?`, as it was sent.
  var rawQuery: [UInt8] = []
  /// The header `Authorization: Bearer`.
  var bearer: String?
  /// A browser that may be logged in, and what one of its pages sends with it.
  var session: SessionCookie?
  var csrf: String?
  /// The other end of the connection, and the header `X-Forwarded-For`.
  var peer: ClientAddress?
  var forwarded: String?
  /// Says that nobody waits any more.
  var cancellation = Cancellation()

  /// What plugins are told: what stands for a member is between the member and the host.
  var withoutCredentials: [String: String] {
    var parameters = parameters
    for name in ["api_key", "auth_token", "_csrf"] { parameters[name] = nil }
    return parameters
  }

  /// With the segments of the path that a route captured; no client can overwrite these.
  func capturing(_ captured: [String: String]) -> QueryRequest {
    guard !captured.isEmpty else { return self }
    var request = self
    request.parameters.merge(captured) { _, captured in captured }
    return request
  }

  /// Identifiers of apps and members are 24 hexadecimal characters.
  static let identifierLength = 24
}
