/// A question as it arrived: where, and with which decoded parameters. Bodies overwrite queries.
struct QueryRequest: Sendable {
  let httpMethod: String
  let path: String
  let parameters: [String: String]

  /// With the segments of the path that a route captured; no client can overwrite these.
  func capturing(_ captured: [String: String]) -> QueryRequest {
    captured.isEmpty
      ? self
      : QueryRequest(
        httpMethod: httpMethod, path: path,
        parameters: parameters.merging(captured) { _, captured in captured })
  }

  /// Identifiers of apps and members are 24 hexadecimal characters.
  static let identifierLength = 24
}
