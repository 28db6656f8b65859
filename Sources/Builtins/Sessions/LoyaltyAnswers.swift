import PluginKit

/// `/o/app_users/loyalty`: how many users had how many sessions, of all, and of those whose last
/// session lies in the last 7 and 30 days.
struct LoyaltyAnswers: Sendable {
  private static let ranges: [StaticString] = [
    "1", "2", "3-5", "6-9", "10-19", "20-49", "50-99", "100-499", "> 500",
  ]

  private let loyalty: Metric
  private let route: Route

  init(_ registrar: borrowing Registrar, _ counters: SessionCounters) throws {
    loyalty = counters.loyalty.metric
    route = try registrar.read(path: "/o/app_users/loyalty", feature: "core", isPure: true)
  }

  /// Whether the question was this one.
  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws -> Bool {
    guard request.route == route else { return false }
    reply.write("{\"all\":")
    try Text.with("[0,\(request.nowMs)]") { try write($0, request, reply) }
    reply.write(",\"7days\":")
    try write("7days", request, reply)
    reply.write(",\"30days\":")
    try write("30days", request, reply)
    reply.write("}")
    return true
  }

  private func write(
    _ period: Text, _ request: borrowing Request, _ reply: borrowing Reply
  ) throws {
    var users = [Int64](repeating: 0, count: Self.ranges.count)
    let question = Question(loyalty, dimension: LoyaltyCounters.dimension, period: period)
    try request.totals(question) { total in
      if let range = Int(String(total.name)), users.indices.contains(range) {
        users[range] = total[LoyaltyCounters.users]
      }
      return true
    }
    reply.write("[")
    for (place, range) in Self.ranges.enumerated() {
      reply.write(place == 0 ? "{\"_id\":\"" : ",{\"_id\":\"")
      reply.write(Text(stringLiteral: range))
      reply.write("\",\"count\":")
      reply.number(users[place])
      reply.write("}")
    }
    reply.write("]")
  }
}
