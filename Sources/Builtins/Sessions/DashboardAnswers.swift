import PluginKit

/// `/o/analytics/dashboard`: what a period comes to, compared with the one before, and its largest
/// platforms, resolutions, carriers and days; without `period`, of 30 days, 7 days and today.
struct DashboardAnswers: Sendable {
  /// Places of `t` and `u` among the measures.
  private static let (sessions, users) = (0, 2)

  private let counters: SessionCounters
  private let route: Route

  init(_ registrar: borrowing Registrar, _ counters: SessionCounters) throws {
    self.counters = counters
    route = try registrar.read(
      path: "/o/analytics/dashboard", feature: "core", isPure: true,
      summary: "What a period comes to, compared with the one before.", parameters: Asked.period)
  }

  /// Whether the question was this one.
  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws -> Bool {
    guard request.route == route else { return false }
    reply.write("{")
    var isFirst = true
    try AskedPeriods.each(request) { name, period in
      if !isFirst { reply.write(",") }
      isFirst = false
      reply.string(name)
      reply.write(":{\"dashboard\":{")
      try writeNumbers(period, request, reply)
      reply.write("},\"top\":{")
      try writeTop(period, request, reply)
      reply.write("}")
      try writeLabel(period, request, reply)
      reply.write("}")
    }
    reply.write("}")
    return true
  }

  // MARK: Numbers

  private func writeNumbers(
    _ period: Text, _ request: borrowing Request, _ reply: borrowing Reply
  ) throws {
    let now = try SessionNumbers(request, counters, period)
    let old = try SessionNumbers(request, counters, period, before: true)
    count("total_sessions", now.sessions, old.sessions, reply)
    reply.write("},")
    count("total_users", now.users, old.users, reply)
    let isDay = period == "hour" || period == "yesterday"
    let isEstimate = !isDay && (now.users == 0 || now.error != 0)
    reply.write(isEstimate ? ",\"is_estimate\":true}," : ",\"is_estimate\":false},")
    count("new_users", now.new, old.new, reply)
    reply.write("},")
    say(
      "total_time", SpanText(seconds: Double(now.seconds)).text,
      Change(Double(now.seconds), before: Double(old.seconds)), reply)
    reply.write("},")
    say(
      "avg_time", SpanText(seconds: now.secondsEach).text,
      Change(now.secondsEach, before: old.secondsEach), reply)
    reply.write("},")
    say(
      "avg_requests", Tenths(now.requestsEach).text,
      Change(now.requestsEach, before: old.requestsEach), reply)
    reply.write("}")
  }

  private func count(_ name: Text, _ now: Int64, _ old: Int64, _ reply: borrowing Reply) {
    reply.string(name)
    reply.write(":{\"total\":")
    reply.number(now)
    reply.write(Change(Double(now), before: Double(old)))
  }

  private func say(_ name: Text, _ total: String, _ change: Change, _ reply: borrowing Reply) {
    reply.string(name)
    reply.write(":{\"total\":")
    reply.string(total)
    reply.write(change)
  }

  // MARK: What is largest

  private func writeTop(
    _ period: Text, _ request: borrowing Request, _ reply: borrowing Reply
  ) throws {
    for name in ["platforms", "resolutions", "carriers"] {
      reply.string(name)
      reply.write(":")
      try Text.with(name) { try bars($0, period, request).write(to: reply) }
      reply.write(",")
    }
    var days: [(name: String, value: Int64)] = []
    try request.ticks(Question(counters.users, period: period)) { tick in
      days.append((TickName(String(tick.name)).text, tick[Self.users]))
      return true
    }
    reply.write("\"users\":")
    Bars(days).write(to: reply, withValues: false)
  }

  /// The largest values of a metric: platforms by their users, all others by their sessions.
  func bars(_ name: Text, _ period: Text, _ request: borrowing Request) throws -> Bars {
    guard let (metric, dimension) = counters.values(name) else { return Bars([]) }
    let isPlatform = name == "platforms" || name == "os"
    let isCountry = name == "countries" || name == "locations"
    var values: [(name: String, value: Int64)] = []
    try request.totals(Question(metric, dimension: dimension, period: period)) { total in
      let value = String(total.name)
      values.append(
        (
          isCountry ? CountryNames.name(of: value) : value,
          total[isPlatform ? Self.users : Self.sessions]
        ))
      return true
    }
    return Bars(values)
  }

  // MARK: Its period

  private func writeLabel(
    _ period: Text, _ request: borrowing Request, _ reply: borrowing Reply
  ) throws {
    var (first, last) = ("", "")
    try request.ticks(Question(counters.users, period: period)) { tick in
      last = String(tick.name)
      if first.isEmpty { first = last }
      return true
    }
    let (from, to) = (TickName(first), TickName(last))
    reply.write(",\"period\":")
    if period == "hour" {
      reply.string("00:00 - \(ClockText(request).text)")
    } else {
      reply.string(from.date == to.date ? from.date : "\(from.date) - \(to.date)")
    }
  }
}

/// Which periods a question about several is about, and what they are called in its answer.
enum AskedPeriods {
  /// The period that was asked for; of none, or of 30 days, the three that dashboards show.
  static func each(
    _ request: borrowing Request, _ body: (Text, Text) throws -> Void
  ) throws {
    let asked = request["period"] ?? ""
    guard asked.isEmpty || asked == "30days" else { return try body(asked, asked) }
    try body("30days", "30days")
    try body("7days", "7days")
    try body("today", "hour")
  }
}
