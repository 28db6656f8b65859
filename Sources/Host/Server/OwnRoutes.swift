import Foundation
import Hummingbird
import Logging
import NIOPosix

/// Questions below `/o` that the host itself answers, for no plugin owns them.
struct OwnRoutes {
  /// Answers on a read thread. The app is nil when the question is about all of them.
  typealias Answer = @Sendable (QueryRequest, RegisteredApp?) throws -> QueryReply

  let access: Access
  let apps: AppRegistry
  let threads: NIOThreadPool
  let log: Logger
  /// By path.
  let answers: [String: Answer]

  /// The body of one question.
  private static let bodyBytesMax = 1 << 20
  private static let deadline = Duration.seconds(30)

  func add(to router: Router<BasicRequestContext>) {
    for path in answers.keys {
      router.get(RouterPath(path), use: handle)
      router.post(RouterPath(path), use: handle)
    }
  }

  @Sendable private func handle(
    _ request: Request, context: BasicRequestContext
  ) async throws -> Response {
    guard let question = await QueryRoutes.question(of: request, upTo: Self.bodyBytesMax) else {
      return Routes.json(QueryError(code: .bodyTooLarge).reply)
    }
    let routes = self
    let reply = await QuestionRun.answer(within: Self.deadline, threads, question.cancellation) {
      routes.answer(question)
    }
    return Routes.json(reply, to: question)
  }

  func answer(_ request: QueryRequest) -> QueryReply {
    do {
      guard let answer = answers[request.path] else { throw QueryError(code: .unknownPath) }
      return try answer(request, try app(of: request))
    } catch let denial as AccessDenial {
      return QueryReply(status: denial.status, message: denial.message)
    } catch let error as QueryError {
      return error.reply
    } catch {
      log.error("question failed", metadata: ["path": "\(request.path)", "reason": "\(error)"])
      return QueryError(code: .storeFailed).reply
    }
  }

  /// The app a caller may read. Without one, only who may do everything is answered.
  private func app(of request: QueryRequest) throws -> RegisteredApp? {
    let credentials = Access.Credentials(
      apiKey: request.parameters["api_key"], authToken: request.parameters["auth_token"])
    let known = apps.snapshot
    guard let id = request.parameters["app_id"] else {
      _ = try access.globalAdmin(credentials)
      return nil
    }
    guard id.utf16.count == QueryRequest.identifierLength else {
      throw QueryError(code: .invalidAppID)
    }
    _ = try access.reader(credentials, appID: id) { known.app(hexID: $0) != nil }
    return known.app(hexID: id)
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
