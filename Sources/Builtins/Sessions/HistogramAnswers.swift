import PluginKit

/// How sessions spread over ranges: of loyalty, of the time since the session before, of length.
/// Each is asked by `/o/analytics/<name>` and by `/o?method=<name>`, and answered as rows, largest
/// first: `[{"f":"0","t":3,"percent":"75.0"}]`.
struct HistogramAnswers: Sendable {
  private struct Histogram {
    let name: String
    let metric: Metric
    let dimension: StaticString
  }

  private let histograms: [Histogram]
  private let routes: [Route: Int]

  init(_ registrar: borrowing Registrar, _ counters: SessionCounters) throws {
    histograms = [
      Histogram(name: "loyalty", metric: counters.loyalty.metric, dimension: "l"),
      Histogram(name: "frequency", metric: counters.users, dimension: "f"),
      Histogram(name: "durations", metric: counters.users, dimension: "ds"),
    ]
    var routes: [Route: Int] = [:]
    for (place, histogram) in histograms.enumerated() {
      let name = histogram.name
      let asked = [
        try registrar.read(
          method: name, feature: "core", isPure: true, parameters: Asked.period),
        try registrar.read(
          path: "/o/analytics/\(name)", feature: "core", isPure: true, parameters: Asked.period),
      ]
      for route in asked { routes[route] = place }
    }
    self.routes = routes
  }

  /// Whether the question was one of these.
  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws -> Bool {
    guard let place = routes[request.route] else { return false }
    let dimension = Text(stringLiteral: histograms[place].dimension)
    var rows: [(range: String, sessions: Int64)] = []
    try request.totals(Question(histograms[place].metric, dimension: dimension)) { total in
      if total[0] > 0 { rows.append((String(total.name), total[0])) }
      return true
    }
    let sum = rows.reduce(0) { $0 + $1.sessions }
    reply.write("[")
    for (place, row) in rows.enumerated() {
      reply.write(place == 0 ? "{\"" : ",{\"")
      reply.write(dimension)
      reply.write("\":")
      reply.string(row.range)
      reply.write(",\"t\":")
      reply.number(row.sessions)
      reply.write(",\"percent\":\"")
      Text.with(Tenths(percentOf: row.sessions, sum).text) { reply.write($0) }
      reply.write("\"}")
    }
    reply.write("]")
    return true
  }
}
