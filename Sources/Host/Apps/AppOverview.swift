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
    let questions = PluginQuestions(runtime: core.runtime, store: core.store)
    let points = try questions.lines(Self.points, registered, ["period": period])
    let all = try questions.lines(
      Self.totals, registered, ["period": period, "metric": "users"]
    ).first
    func sum(_ number: KeyPath<PluginLine, Double?>) -> Double {
      points.reduce(0) { $0 + ($1[keyPath: number] ?? 0) }
    }
    func chart(
      _ number: KeyPath<PluginLine, Double?>, of parts: KeyPath<PluginLine, Double?>? = nil
    ) -> JSONValue {
      .array(
        points.enumerated().map { place, point in
          let count = parts.map { point[keyPath: $0] ?? 0 } ?? 1
          let value = count == 0 ? 0 : (point[keyPath: number] ?? 0) / count
          return .array([.number(Double(place)), .number(value)])
        })
    }
    let sessions = sum(\.t)
    return .object([
      "_id": .string(app.hex), "name": .string(app.name), "test": .bool(false),
      "sessions": .number(sessions), "users": .number(all?.u ?? 0),
      "newusers": .number(sum(\.n)), "duration": .number(sum(\.d)),
      "avgduration": .number(sessions == 0 ? 0 : sum(\.d) / sessions),
      "charts": .object([
        "total-users": chart(\.u), "new-users": chart(\.n), "total-sessions": chart(\.t),
        "time-spent": chart(\.d, of: \.t), "total-time-spent": chart(\.d),
        "avg-events-served": chart(\.e, of: \.u),
      ]),
    ])
  }
}
