import Journal
import Logging
import PluginRuntime
import Store
import Synchronization

/// Answers questions: who asks, about which app, which plugin owns it, from one snapshot. On the
/// read threads only.
struct QueryService: Sendable {
  let store: Store
  let journal: Journal
  let runtime: PluginRuntime
  let access: Access
  let apps: AppRegistry
  let sdk: SDKAccess
  let users: UserService
  let own: OwnRoutes
  let cache: ReadCache
  let log: Logger
  let references = RequestReferences()

  /// The answer to `/o` and everything below it. Errors come in the order clients know: app id
  /// malformed, app id missing, unknown question, who asks, unknown app.
  func begin(_ request: QueryRequest) -> QuestionStep {
    do {
      if UserService.owns(request) {
        let reply = try users.answer(request)
        // It refuses what it does not know by itself.
        if reply.status == 400 { _ = access.security?.judge(request) }
        return .answered(reply)
      }
      if request.path == "/o", own.route(for: request) != nil { return own.begin(request) }
      if request.path == Self.sdkPath { return .answered(try answerSDK(request)) }
      let rest = try find(request)
      return .behind(journal.durablePosition) {
        do { return try rest() } catch { return refusal(of: request, error) }
      }
    } catch {
      return .answered(refusal(of: request, error))
    }
  }

  private func refusal(of request: QueryRequest, _ error: any Error) -> QueryReply {
    var detail = "\(error)"
    switch error {
    case let denial as SDKAccess.Denial:
      _ = access.security?.judge(request)
      return QueryReply(status: denial.status, message: denial.message)
    case let denial as AccessDenial:
      access.security?.note(denial, request)
      return QueryReply(status: denial.status, message: denial.message)
    case let error as QueryError where error.detail.isEmpty: return error.reply
    case let error as QueryError: detail = error.detail
    default: break
    }
    log.error("question failed", metadata: ["path": "\(request.path)", "reason": "\(detail)"])
    return (error as? QueryError ?? QueryError(code: .storeFailed)).reply
  }

  /// What a route allows, before anything is read: the standard where there is none.
  func bounds(of request: QueryRequest) -> (bodyBytesMax: Int, deadlineMs: Int) {
    guard case .found(let lease, _) = route(for: request) else { return Route.standardBounds }
    return (lease.reader.route.bodyBytesMax, lease.reader.route.deadlineMs)
  }

  func route(for request: QueryRequest) -> RouteAnswer {
    ["/o", Self.sdkPath].contains(request.path)
      ? runtime.route(
        path: request.path, method: request.parameters["method"] ?? "", http: request.httpMethod)
      : runtime.route(path: request.path, http: request.httpMethod)
  }

  /// Who answers, and that it may be asked; then what is left to do.
  private func find(_ request: QueryRequest) throws -> @Sendable () throws -> QueryReply {
    let appID = request.parameters["app_id"]
    for (name, code) in [("app_id", QueryError.Code.invalidAppID), ("user_id", .invalidUserID)] {
      guard let id = request.parameters[name] else { continue }
      guard id.utf16.count == QueryRequest.identifierLength else { throw QueryError(code: code) }
    }
    let (lease, captured) = try reader(for: request, appID: appID)
    let route = lease.reader.route
    let known = apps.snapshot
    let app = appID.flatMap(known.app(hexID:))
    let member = try member(for: request, route, appID: appID) { known.app(hexID: $0) != nil }
    if app == nil, !route.isWithoutApp || appID != nil { throw QueryError(code: .missingAppID) }
    if access.security?.judge(request, member: member?.id ?? "", app: app?.number ?? 0) == true {
      throw QueryError(code: .unsafeQuery)
    }
    let asked = request.capturing(captured)
    return {
      // Held until the answer is there: its plugin is not stopped before.
      defer { withExtendedLifetime(lease) {} }
      guard let app else { return try answer(asked, lease.reader, nil, member) }
      if let events = try EventQuestions(asked, app, store) {
        return try events.answer(asked) { try answer($0, lease.reader, app, member) }
      }
      return try TopEventsTotals(questions: .init(runtime: runtime, store: store))
        .complete(try answer(asked, lease.reader, app, member), to: asked, app)
    }
  }

  /// Who asks; nil where anybody may.
  private func member(
    for request: QueryRequest, _ route: Route, appID: String?, appExists: (String) -> Bool
  ) throws(AccessDenial) -> Member? {
    if route.isPublic { return nil }
    let need = Access.Need.right(Permission.Action(route.access), route.permission)
    return try access.member(.init(request), need, appID: appID, appExists: appExists)
  }

  private func reader(
    for request: QueryRequest, appID: String?
  ) throws(QueryError) -> (ReaderLease, captured: [String: String]) {
    if request.path == "/o", appID == nil { throw QueryError(code: .missingAppID) }
    switch route(for: request) {
    case .found(let reader, let captured): return (reader, captured)
    case .wrongMethod: throw QueryError(code: .methodNotAllowed)
    case .unknown:
      throw request.path == "/o"
        ? QueryError(code: .unknownMethod) : QueryError(unknownPath: request.path)
    }
  }

  func answer(
    _ request: QueryRequest, _ reader: Reader, _ app: RegisteredApp?, _ member: Member?
  ) throws -> QueryReply {
    var question = Question(
      app: app?.number ?? 0, appID: app?.hexID ?? "", calendar: try app?.calendar ?? Self.noApp(),
      httpMethod: request.httpMethod, path: request.path,
      parameters: request.withoutCredentials, nowMs: Clock.system.nowMs)
    question.member = member?.id ?? ""
    question.body = request.body
    question.contentType = request.contentType
    question.reference = references.next()
    question.deadlineMs = question.nowMs + Int64(reader.route.deadlineMs)
    question.cancellation = request.cancellation
    let kept = reader.route.isPure && request.body.isEmpty ? cached(question, reader) : nil
    // Before the snapshot is taken: what is kept is never older than the version it is kept under.
    let version = store.dataVersion
    if let kept, let reply = cache.reply(to: kept, version: version) { return reply }
    do {
      let answer = try store.read { try reader.answer(question, snapshot: $0) }
      let reply = QueryReply(status: answer.status, body: answer.body, headers: answer.headers)
      if let kept { cache.keep(reply, to: kept, version: version) }
      return reply
    } catch let error as PluginError {
      throw QueryError(code: QueryError.Code(error.code), detail: "\(error)")
    } catch let error as StoreError where error.code == .cut {
      throw QueryError(code: .readCut, detail: "\(reader.plugin): \(error)")
    }
  }

  private func cached(_ question: Question, _ reader: Reader) -> ReadCache.Question {
    let (instance, route) = reader.identity
    return ReadCache.Question(
      reader: instance, route: route, app: question.app, parameters: question.parameters,
      minute: question.nowMs / 60_000)
  }

  /// The calendar of what is about no app.
  private static func noApp() throws(StoreError) -> LocalCalendar {
    try LocalCalendar(identifier: "UTC")
  }
}

/// Numbers requests, so that services can be told which one they are about. Never the same twice.
final class RequestReferences: Sendable {
  private let last = Atomic<UInt64>(0)

  func next() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
