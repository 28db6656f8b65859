/// What no honest client sends: operators where a text is expected, and operators of a database that
/// run code or that nobody declared.
enum Injection {
  /// Parameters that are queries.
  private static let queries = ["query", "filter"]
  /// Parameters that name somebody or something.
  private static let names = ["api_key", "auth_token", "app_key", "app_id", "user_id", "device_id"]
  /// Levels of a query that are looked at; what is deeper is refused by who reads it.
  private static let depthMax = 32

  /// What is wrong with a query, so that it is refused; nil when nothing is.
  static func operatorRefused(_ parameters: [String: String]) -> String? {
    for name in queries {
      guard let text = parameters[name], text.contains("$"), let value = JSONValue(text),
        let found = unknownOperator(value, depth: 0)
      else { continue }
      return found
    }
    return nil
  }

  /// What else looks like an attempt. It leads nowhere by itself, for texts are texts here.
  static func attempt(_ parameters: [String: String]) -> String? {
    if let name = parameters.keys.sorted().first(where: { $0.contains("[$") }) { return name }
    return names.first { parameters[$0]?.first == "{" || parameters[$0]?.first == "[" }
  }

  private static func unknownOperator(_ value: JSONValue, depth: Int) -> String? {
    guard depth < depthMax else { return nil }
    switch value {
    case .array(let values):
      return values.lazy.compactMap { unknownOperator($0, depth: depth + 1) }.first
    case .object(let members):
      for (name, value) in members.sorted(by: { $0.key < $1.key }) {
        if name.hasPrefix("$"), !UserQuery.operators.contains(name) { return name }
        if let found = unknownOperator(value, depth: depth + 1) { return found }
      }
      return nil
    default: return nil
    }
  }
}

extension SecurityLog {
  /// Notes what looks like an attempt; true when it is a query that must not be asked.
  func judge(_ request: QueryRequest, member: String = "", app: UInt32 = 0) -> Bool {
    let refused = Injection.operatorRefused(request.parameters)
    guard let found = refused ?? Injection.attempt(request.parameters) else { return false }
    note(
      Event(
        kind: .injection, reason: found, path: request.path, member: member, app: app,
        address: address(of: request)))
    return refused != nil
  }
}
