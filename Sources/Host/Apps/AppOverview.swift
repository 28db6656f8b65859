import Foundation
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

  /// What the plugin says of a point of the chart, or of the whole period.
  private struct Numbers: Decodable {
    let t: Double?
    let n: Double?
    let u: Double?
    let d: Double?
    let e: Double?
  }

  private func row(_ app: App, _ registered: RegisteredApp, _ period: String) throws -> JSONValue {
    let points = try ask(Self.points, registered, ["period": period])
    let all = try ask(Self.totals, registered, ["period": period, "metric": "users"]).first
    func sum(_ number: KeyPath<Numbers, Double?>) -> Double {
      points.reduce(0) { $0 + ($1[keyPath: number] ?? 0) }
    }
    func chart(
      _ number: KeyPath<Numbers, Double?>, of parts: KeyPath<Numbers, Double?>? = nil
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

  /// A plugin's answer about an app; nothing when no plugin has any.
  private func ask(
    _ path: String, _ app: RegisteredApp, _ parameters: [String: String]
  ) throws -> [Numbers] {
    guard case .found(let lease, _) = core.runtime.route(path: path, http: "GET") else { return [] }
    let question = Question(
      app: app.number, appID: app.hexID, calendar: app.calendar, httpMethod: "GET", path: path,
      parameters: parameters, nowMs: Clock.system.nowMs)
    let answer = try core.store.read { try lease.reader.answer(question, snapshot: $0) }
    return (try? JSONDecoder().decode([Numbers].self, from: Data(answer.body))) ?? []
  }
}
