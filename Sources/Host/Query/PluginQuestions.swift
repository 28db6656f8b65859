import Foundation
import PluginRuntime
import Store

/// What plugins count, asked by the host for answers that it completes itself.
struct PluginQuestions: Sendable {
  let runtime: PluginRuntime
  let store: Store

  /// A plugin's answer about an app, line by line; none when no plugin has the path.
  func lines(
    _ path: String, _ app: RegisteredApp, _ parameters: [String: String]
  ) throws -> [PluginLine] {
    guard case .found(let lease, _) = runtime.route(path: path, http: "GET") else { return [] }
    let question = Question(
      app: app.number, appID: app.hexID, calendar: app.calendar, httpMethod: "GET", path: path,
      parameters: parameters, nowMs: Clock.system.nowMs)
    let answer = try store.read { try lease.reader.answer(question, snapshot: $0) }
    return (try? JSONDecoder().decode([PluginLine].self, from: Data(answer.body))) ?? []
  }
}

/// What the plugin that counts sessions says of a point of a chart, or of a whole period.
struct PluginLine: Decodable {
  /// Sessions.
  let t: Double?
  /// New users.
  let n: Double?
  /// Users.
  let u: Double?
  /// Seconds.
  let d: Double?
  /// Requests.
  let e: Double?
}
