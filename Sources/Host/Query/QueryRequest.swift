/// A question as it arrived: where, and with which decoded parameters. Bodies overwrite queries.
struct QueryRequest: Sendable {
  let httpMethod: String
  let path: String
  let parameters: [String: String]

  /// Identifiers of apps and members are 24 hexadecimal characters.
  static let identifierLength = 24
}
