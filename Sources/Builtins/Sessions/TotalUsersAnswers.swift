import PluginKit

/// `/o?method=total_users&metric=<name>`: different users of the period, in all or per value:
/// `[{"_id":"users","u":5}]`. A number that is no count says so: `is_estimate`, and with `error`
/// its standard error as a share of it; without, there are at most so many.
struct TotalUsersAnswers: Sendable {
  /// The place of `u` among the measures of every metric of sessions.
  private static let unique = 2

  private let counters: SessionCounters
  private let route: Route

  init(_ registrar: borrowing Registrar, _ counters: SessionCounters) throws {
    self.counters = counters
    route = try registrar.read(
      method: "total_users", feature: "core", isPure: true,
      parameters: Asked.period(and: ["metric": "users, countries, os, …"]))
  }

  /// Whether the question was this one.
  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws -> Bool {
    guard request.route == route else { return false }
    let name = request["metric"] ?? ""
    reply.write("[")
    if name == "users" || name == "sessions" {
      try writeUsers(named: name, request, reply)
    } else if let (metric, dimension) = counters.values(name) {
      try writeValues(Question(metric, dimension: dimension), request, reply)
    }
    reply.write("]")
    return true
  }

  private func writeUsers(
    named name: Text, _ request: borrowing Request, _ reply: borrowing Reply
  ) throws {
    guard !PeriodText(request["period"] ?? "").endsToday(nowMs: request.nowMs) else {
      // Whoever had a session since then had the last one since then: these are counted, not
      // estimated.
      return write(name, try counters.loyalty.users(request, ""), error: 0, reply)
    }
    try request.totals(Question(counters.users)) { total in
      write(name, total[Self.unique], error: total.error, reply)
      return true
    }
  }

  private func writeValues(
    _ question: Question, _ request: borrowing Request, _ reply: borrowing Reply
  ) throws {
    var isFirst = true
    try request.totals(question) { total in
      if !isFirst, total[Self.unique] > 0 { reply.write(",") }
      isFirst = isFirst && total[Self.unique] <= 0
      write(total.name, total[Self.unique], error: total.error, reply)
      return true
    }
  }

  private func write(_ name: Text, _ users: Int64, error: Double, _ reply: borrowing Reply) {
    guard users > 0 else { return }
    reply.write("{\"_id\":")
    reply.string(name)
    reply.write(",\"u\":")
    reply.number(users)
    if error != 0 { reply.write(",\"is_estimate\":true") }
    if error > 0 {
      reply.write(",\"error\":")
      reply.number(error)
    }
    reply.write("}")
  }
}

/// A period as it is asked for.
struct PeriodText {
  private let text: Text

  init(_ text: Text) {
    self.text = text
  }

  /// Whether it is known to end with today: all that count back from now do, and ranges of
  /// milliseconds up to now. Dates are not looked at.
  func endsToday(nowMs: Int64) -> Bool {
    if text == "yesterday" || text == "prevMonth" { return false }
    guard text.hasPrefix("["), let comma = text.firstIndex(of: UInt8(ascii: ",")) else {
      return !text.hasPrefix("[")
    }
    let digits = text.dropFirst(comma + 1).bytes.prefix { (0x30...0x39).contains($0) }
    return Int64(String(decoding: digits, as: UTF8.self)).map { $0 >= nowMs } ?? false
  }
}
