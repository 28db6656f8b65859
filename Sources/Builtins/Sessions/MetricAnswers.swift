import PluginKit

/// What is asked below `/o/analytics/` about sessions and the values they had.
struct MetricAnswers: Sendable {
  private let counters: SessionCounters
  private let dashboard: DashboardAnswers
  private let countries: Route
  private let sessions: Route
  private let metric: Route
  private let tops: Route

  /// Countries of one answer.
  private static let countriesMax = 10
  /// Metrics of one question for bars.
  private static let metricsMax = 50

  init(
    _ registrar: borrowing Registrar, _ counters: SessionCounters, _ dashboard: DashboardAnswers
  ) throws {
    (self.counters, self.dashboard) = (counters, dashboard)
    func read(
      _ name: String, _ summary: String, _ more: [String: String] = [:]
    ) throws -> Route {
      try registrar.read(
        path: "/o/analytics/\(name)", feature: "core", isPure: true, summary: summary,
        parameters: Asked.period(and: more))
    }
    countries = try read("countries", "The countries with the most new users of a period.")
    sessions = try read("sessions", "Sessions and users, point by point of a period.")
    let named = ["metric": "users, countries, os, …"]
    metric = try read(
      "metric", "The values of a metric over a period, by users.",
      named.merging(["before": "true: of the period before."]) { $1 })
    tops = try read(
      "tops", "The largest three values of one or several metrics.",
      named.merging(["metrics": "A JSON array of several."]) { $1 })
  }

  /// Whether the question was one of these.
  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws -> Bool {
    switch request.route {
    case countries: try writeCountries(request, reply)
    case sessions: try writeSessions(request, reply)
    case metric: try writeMetric(request, reply)
    case tops: try writeTops(request, reply)
    default: return false
    }
    return true
  }

  // MARK: countries

  private func writeCountries(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    reply.write("{")
    var isFirst = true
    try AskedPeriods.each(request) { name, period in
      if !isFirst { reply.write(",") }
      isFirst = false
      reply.string(name)
      reply.write(":[")
      try writeCountries(of: period, request, reply)
      reply.write("]")
    }
    reply.write("}")
  }

  private func writeCountries(
    of period: Text, _ request: borrowing Request, _ reply: borrowing Reply
  ) throws {
    guard let (metric, dimension) = counters.values("countries") else { return }
    let rows = try rows(Question(metric, dimension: dimension, period: period), request, by: \.new)
    for (place, row) in rows.prefix(Self.countriesMax).enumerated() {
      reply.write(place == 0 ? "{\"country\":" : ",{\"country\":")
      reply.string(CountryNames.name(of: row.name))
      reply.write(",\"code\":")
      reply.string(row.name.lowercased())
      write(row, reply)
    }
  }

  // MARK: sessions

  private func writeSessions(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    var isFirst = true
    reply.write("[")
    try request.ticks(Question(counters.users)) { tick in
      reply.write(isFirst ? "{\"_id\":" : ",{\"_id\":")
      isFirst = false
      reply.string(tick.name)
      for (place, name) in ["t", "n", "u", "d", "e"].enumerated() {
        reply.write(",\"")
        Text.with(name) { reply.write($0) }
        reply.write("\":")
        reply.number(tick[place])
      }
      reply.write("}")
      return true
    }
    reply.write("]")
  }

  // MARK: metric

  private func writeMetric(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    guard let name = request["metric"], !name.isEmpty else {
      return reply.refuse(400, "Must provide metric")
    }
    let isBefore = request["before"] == "true"
    reply.write("[")
    if name == "users" || name == "sessions" {
      let all = try SessionNumbers(request, counters, request["period"] ?? "", before: isBefore)
      if all.sessions > 0 {
        reply.write("{\"_id\":")
        reply.string(name)
        write(Row(name: "", sessions: all.sessions, new: all.new, users: all.users), reply)
      }
    } else if let (metric, dimension) = counters.values(name == "device_details" ? "os" : name) {
      let question = Question(metric, dimension: dimension, before: isBefore)
      for (place, row) in try rows(question, request, by: \.users).enumerated() {
        reply.write(place == 0 ? "{\"_id\":" : ",{\"_id\":")
        reply.string(row.name)
        write(row, reply)
      }
    }
    reply.write("]")
  }

  // MARK: tops

  private func writeTops(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    let period = request["period"] ?? ""
    if let name = request["metric"], !name.isEmpty {
      return try dashboard.bars(name, period, request).write(to: reply)
    }
    let asked = request["metrics"].flatMap { JSONStrings.parse($0) }
    let names = asked ?? ["platforms", "resolutions", "carriers", "countries"]
    reply.write("{")
    for (place, name) in names.prefix(Self.metricsMax).enumerated() {
      if place > 0 { reply.write(",") }
      reply.string(name)
      reply.write(":")
      try Text.with(name) { try dashboard.bars($0, period, request).write(to: reply) }
    }
    reply.write("}")
  }

  // MARK: One value

  private struct Row {
    let name: String
    let sessions: Int64
    let new: Int64
    let users: Int64
  }

  /// The values of a dimension, those first that have the most.
  private func rows(
    _ question: Question, _ request: borrowing Request, by rank: KeyPath<Row, Int64>
  ) throws -> [Row] {
    var rows: [Row] = []
    try request.totals(question) { total in
      rows.append(
        Row(name: String(total.name), sessions: total[0], new: total[1], users: total[2]))
      return true
    }
    return rows.enumerated().sorted {
      let (left, right) = ($0.element[keyPath: rank], $1.element[keyPath: rank])
      return left == right ? $0.offset < $1.offset : left > right
    }.map(\.element)
  }

  private func write(_ row: Row, _ reply: borrowing Reply) {
    reply.write(",\"t\":")
    reply.number(row.sessions)
    reply.write(",\"n\":")
    reply.number(row.new)
    reply.write(",\"u\":")
    reply.number(row.users)
    reply.write("}")
  }
}
