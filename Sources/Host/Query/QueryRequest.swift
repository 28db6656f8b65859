import PluginRuntime

/// A question as it arrived: where, and with which decoded parameters. Bodies overwrite queries.
struct QueryRequest: Sendable {
  let httpMethod: String
  let path: String
  var parameters: [String: String]
  var body: [UInt8] = []
  var contentType = ""
  /// Says that nobody waits any more.
  var cancellation = Cancellation()

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
