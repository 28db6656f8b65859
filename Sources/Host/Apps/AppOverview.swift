import PluginRuntime
import Store

/// `/o?method=all_apps`: what each app came to in a period, point by point. The numbers are those
/// that the plugin `sessions` answers about each.
struct AppOverview: Sendable {
  /// Apps of one answer.
  private static let appsMax = 1_000
  /// What the plugin that counts them answers.
  private static let (points, totals) = ("/o/analytics/sessions", "/o/analytics/metric")

  let core: Core

  func answer(_ visit: Visit) throws -> QueryReply {
    let period = visit.request.parameters["period"] ?? "30days"
    let known = core.registry.snapshot
    let only = visit.request.parameters["filter"].flatMap { JSONValue($0) }?.value(at: "_id")?
      .string
    let apps = try core.store.apps().filter { only == nil || $0.hex == only }
    return QueryReply(
      .array(
        try apps.prefix(Self.appsMax).compactMap { app in
          try known.app(hexID: app.hex).map { try row(app, $0, period) }
        }))
  }

  private func row(_ app: App, _ registered: RegisteredApp, _ period: String) throws -> JSONValue {
    let points = try ask(Self.points, registered, ["period": period])
    let all = try ask(Self.totals, registered, ["period": period, "metric": "users"]).first
    func number(_ value: JSONValue?, _ name: String) -> Double {
      if case .number(let number)? = value?.value(at: name) { number } else { 0 }
    }
    func sum(_ name: String) -> Double { points.reduce(0) { $0 + number($1, name) } }
    func chart(_ value: (JSONValue) -> Double) -> JSONValue {
      .array(
        points.enumerated().map {
          .array([.number(Double($0.offset)), .number(value($0.element))])
        })
    }
    func each(_ point: JSONValue, _ name: String, of parts: String) -> Double {
      number(point, parts) == 0 ? 0 : number(point, name) / number(point, parts)
    }
    let sessions = sum("t")
    return .object([
      "_id": .string(app.hex), "name": .string(app.name), "test": .bool(false),
      "sessions": .number(sessions), "users": .number(number(all, "u")),
      "newusers": .number(sum("n")), "duration": .number(sum("d")),
      "avgduration": .number(sessions == 0 ? 0 : sum("d") / sessions),
      "charts": .object([
        "total-users": chart { number($0, "u") }, "new-users": chart { number($0, "n") },
        "total-sessions": chart { number($0, "t") },
        "time-spent": chart { each($0, "d", of: "t") },
        "total-time-spent": chart { number($0, "d") },
        "avg-events-served": chart { each($0, "e", of: "u") },
      ]),
    ])
  }

  /// A plugin's answer about an app; nothing when no plugin has any.
  private func ask(
    _ path: String, _ app: RegisteredApp, _ parameters: [String: String]
  ) throws -> [JSONValue] {
    guard case .found(let lease, _) = core.runtime.route(path: path, http: "GET") else { return [] }
    let question = Question(
      app: app.number, appID: app.hexID, calendar: app.calendar, httpMethod: "GET", path: path,
      parameters: parameters, nowMs: Clock.system.nowMs)
    let answer = try core.store.read { try lease.reader.answer(question, snapshot: $0) }
    guard case .array(let rows)? = JSONValue(String(decoding: answer.body, as: UTF8.self)) else {
      return []
    }
    return rows
  }
}
