import PluginKit

/// The questions about sessions that are answered with one document.
struct SessionAnswers: Sendable {
  private let host: Host
  private let users: Metric
  private let documents: [(method: String, metric: Metric)]

  init(_ host: Host, _ registrar: borrowing Registrar, _ counters: SessionCounters) throws {
    self.host = host
    users = counters.users
    let users = counters.users
    let details = counters.collections[0].metric
    documents =
      ["sessions", "users", "locations"].map { (method: $0, metric: users) }
      + counters.collections + [(method: "app_versions", metric: details)]
    for (method, _) in documents {
      try registrar.read(
        method: method, feature: "core", isPure: true, parameters: Asked.document)
    }
    try registrar.read(
      method: "countries", feature: "core", isPure: true, parameters: Asked.document)
    try registrar.read(
      method: "geodata", feature: "core", isPure: true, parameters: ["loadFor": "cities"])
  }

  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    let method = String(request["method"] ?? "")
    // Where cities are is known of no city.
    if method == "geodata" { return reply.write(request["loadFor"] == "cities" ? "[]" : "{}") }
    if method == "countries" || method == "cities" {
      let rule = try PlaceRule(host, app: request.app)
      guard method == "countries" ? rule.countries : rule.cities else { return reply.write("{}") }
    }
    if method == "countries" { return try request.document(Question(users, dimension: "cc")) }
    guard let found = documents.first(where: { $0.method == method }) else {
      throw PluginError(.invalid, "sessions does not answer \"\(method)\"")
    }
    try request.document(Question(found.metric))
  }
}
