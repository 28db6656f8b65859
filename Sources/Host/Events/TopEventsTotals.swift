import Store

/// What `top_events` says beside events: sessions and users of the period and of the one before,
/// which another plugin counts.
struct TopEventsTotals {
  /// What answers about events come from here, and who counts the sessions.
  private static let (method, path, sessions) = (
    "top_events", "/o/analytics/events/top", "/o/analytics/metric"
  )
  /// A member that answers have which are about all numbers of the events, and no others.
  private static let mark = "prevTotalCount"

  let questions: PluginQuestions

  /// The reply with them; any other reply as it is.
  func complete(
    _ reply: QueryReply, to request: QueryRequest, _ app: RegisteredApp
  ) throws -> QueryReply {
    guard request.path == Self.path || request.parameters["method"] == Self.method,
      reply.status == 200, reply.body.last == UInt8(ascii: "}"),
      JSONValue(String(decoding: reply.body, as: UTF8.self))?.value(at: Self.mark) != nil
    else { return reply }
    let period = request.parameters["period"] ?? ""
    func totals(before: Bool) throws -> PluginLine? {
      try questions.lines(
        Self.sessions, app, ["metric": "users", "period": period, "before": "\(before)"]
      ).first
    }
    let (now, old) = (try totals(before: false), try totals(before: true))
    let more = [
      ("totalSessionCount", now?.t), ("prevSessionCount", old?.t), ("totalUsersCount", now?.u),
      ("prevUsersCount", old?.u),
    ].map { name, number in ",\"\(name)\":\(Int64(number ?? 0))" }
    return QueryReply(
      status: reply.status, body: reply.body.dropLast() + more.joined().utf8 + "}".utf8,
      headers: reply.headers)
  }
}
