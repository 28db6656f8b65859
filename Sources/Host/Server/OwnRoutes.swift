import Foundation
import Hummingbird
import Journal
import Logging
import Store

/// A request whose caller may ask it.
struct Visit {
  let request: QueryRequest
  let member: Member
  /// Nil when the request names none.
  let app: RegisteredApp?
  /// What stands for the member here; nil: their api key.
  var token: AccessToken?
  /// Whether the caller is less than the member.
  var isLess = false
  /// Where they are; nil where nobody can say.
  var address: ClientAddress?
}

/// A path that the host itself answers: what it asks of callers, and its answer.
struct OwnRoute: Sendable {
  let need: Access.Need
  /// Without `app_id`, nobody is even asked who they are.
  var isAboutApp = false
  /// Whether the answer has everything that was durable when it was asked for.
  var isFresh = false
  /// Bytes of a body; more is answered 413.
  var bodyBytesMax = Self.bodyBytesStandard
  /// What it does, in words.
  var about: RouteAbout = ""
  /// On a read thread.
  let answer: @Sendable (Visit) throws -> QueryReply

  static let bodyBytesStandard = 1 << 20
}

/// What the host itself answers, for no plugin owns it.
struct OwnRoutes {
  let access: Access
  let apps: AppRegistry
  let threads: QuestionThreads
  let journal: Journal
  let log: Logger
  let proxies: TrustedProxies
  /// By path, or `/o?method=<method>`.
  let routes: [String: OwnRoute]

  private static let deadline = Duration.seconds(30)

  func add(to router: Router<VisitContext>) {
    for path in routes.keys where !path.contains("?") {
      router.get(RouterPath(path), use: handle)
      router.post(RouterPath(path), use: handle)
    }
  }

  @Sendable private func handle(
    _ request: Request, context: VisitContext
  ) async throws -> Response {
    let route = route(for: QueryRoutes.head(of: request))
    let limit = route?.bodyBytesMax ?? OwnRoute.bodyBytesStandard
    guard let question = await QueryRoutes.question(of: request, context, upTo: limit) else {
      return Routes.json(QueryError(code: .bodyTooLarge).reply)
    }
    let own = self
    let reply = await QuestionRun.answer(within: Self.deadline, threads, question.cancellation) {
      own.begin(question)
    }
    return Routes.json(reply, to: question)
  }

  /// What the host itself answers to a request; of `/o`, it depends on the method.
  func route(for request: QueryRequest) -> OwnRoute? {
    routes[
      request.path == "/o" ? "/o?method=\(request.parameters["method"] ?? "")" : request.path]
  }

  /// On a read thread.
  func begin(_ request: QueryRequest) -> QuestionStep {
    do {
      guard let route = route(for: request) else { throw QueryError(code: .unknownPath) }
      let visit = try visit(request, route)
      if access.security?.judge(
        request, member: visit.member.id, app: visit.app?.number ?? 0) == true
      {
        throw QueryError(code: .unsafeQuery)
      }
      guard route.isFresh else { return .answered(try route.answer(visit)) }
      return .behind(journal.durablePosition) {
        do { return try route.answer(visit) } catch { return refusal(of: request, error) }
      }
    } catch {
      return .answered(refusal(of: request, error))
    }
  }

  private func refusal(of request: QueryRequest, _ error: any Error) -> QueryReply {
    switch error {
    case let denial as AccessDenial:
      access.security?.note(denial, request)
      return QueryReply(status: denial.status, message: denial.message)
    case let error as QueryError: return error.reply
    default:
      log.error("question failed", metadata: ["path": "\(request.path)", "reason": "\(error)"])
      return QueryError(code: .storeFailed).reply
    }
  }

  private func visit(_ request: QueryRequest, _ route: OwnRoute) throws -> Visit {
    let id = request.parameters["app_id"]
    if id == nil, route.isAboutApp { throw QueryError(code: .missingAppID) }
    if let id, id.utf16.count != QueryRequest.identifierLength {
      throw QueryError(code: .invalidAppID)
    }
    let known = apps.snapshot
    let caller = try access.caller(.init(request), route.need, appID: id) {
      known.app(hexID: $0) != nil
    }
    return Visit(
      request: request, member: caller.member, app: id.flatMap(known.app(hexID:)),
      token: caller.token, isLess: caller.isLess, address: proxies.client(of: request))
  }
}

extension OwnRoutes {
  init(core: Core) {
    self.init(
      access: core.access, apps: core.registry,
      threads: core.questions, journal: core.journal, log: core.log,
      proxies: core.configuration.host.trustedProxies, routes: core.ownRoutes)
  }
}

extension QueryReply {
  /// A structure as JSON with sorted keys.
  static func json(_ value: some Encodable) throws -> QueryReply {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return QueryReply(status: 200, body: Array(try encoder.encode(value)))
  }
}
