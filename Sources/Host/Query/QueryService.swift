import Journal
import Logging
import PluginRuntime
import Store

/// Answers questions: who asks, about which app, which plugin owns it, from one snapshot. Blocks
/// shortly; called on the read threads only.
struct QueryService: Sendable {
  let store: Store
  let journal: Journal
  let gate: CommitGate
  let runtime: PluginRuntime
  let access: Access
  let apps: AppRegistry
  let log: Logger

  /// The answer to `/o` and everything below it. Errors come in the order clients know: app id
  /// malformed, app id missing, unknown question, who asks, unknown app.
  func answer(_ request: QueryRequest) -> QueryReply {
    do {
      return try find(request)
    } catch let error as QueryError {
      if !error.detail.isEmpty {
        log.error(
          "question failed", metadata: ["path": "\(request.path)", "reason": "\(error.detail)"])
      }
      return error.reply
    } catch let denial as AccessDenial {
      return QueryReply(status: denial.status, message: denial.message)
    } catch {
      log.error("question failed", metadata: ["path": "\(request.path)", "reason": "\(error)"])
      return QueryError(code: .storeFailed).reply
    }
  }

  private func find(_ request: QueryRequest) throws -> QueryReply {
    let appID = request.parameters["app_id"]
    if let appID, appID.utf8.count != QueryRequest.identifierLength {
      throw QueryError(code: .invalidAppID)
    }
    // Held until the answer is there: its plugin is not stopped before.
    let (lease, captured) = try reader(for: request, appID: appID)
    defer { withExtendedLifetime(lease) {} }
    let credentials = Access.Credentials(
      apiKey: request.parameters["api_key"], authToken: request.parameters["auth_token"])
    let known = apps.snapshot
    _ = try access.reader(credentials, appID: appID) { known.app(hexID: $0) != nil }
    guard let app = appID.flatMap(known.app(hexID:)) else { throw QueryError(code: .missingAppID) }
    return try answer(request.capturing(captured), lease.reader, app)
  }

  private func reader(
    for request: QueryRequest, appID: String?
  ) throws(QueryError) -> (ReaderLease, captured: [String: String]) {
    let found: RouteAnswer
    if request.path == "/o" {
      guard appID != nil else { throw QueryError(code: .missingAppID) }
      found = runtime.route(
        path: "/o", method: request.parameters["method"] ?? "", http: request.httpMethod)
    } else {
      found = runtime.route(path: request.path, http: request.httpMethod)
    }
    switch found {
    case .found(let reader, let captured): return (reader, captured)
    case .wrongMethod: throw QueryError(code: .methodNotAllowed)
    case .unknown: throw QueryError(code: request.path == "/o" ? .unknownMethod : .unknownPath)
    }
  }

  private func answer(
    _ request: QueryRequest, _ reader: Reader, _ app: RegisteredApp
  ) throws -> QueryReply {
    gate.wait(for: journal.durablePosition)
    let question = Question(
      app: app.number, appID: app.hexID, calendar: app.calendar, httpMethod: request.httpMethod,
      path: request.path, parameters: request.parameters, nowMs: Clock.system.nowMs)
    do {
      let answer = try store.read { try reader.answer(question, snapshot: $0) }
      return QueryReply(status: answer.status, body: answer.body)
    } catch let error as PluginError {
      throw QueryError(code: .pluginFailed, detail: "\(error)")
    }
  }
}
