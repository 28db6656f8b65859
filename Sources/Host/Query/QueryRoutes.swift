import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore

/// `/o`, everything below it and everything below `/i`: what plugins answer.
struct QueryRoutes {
  let service: QueryService
  let threads: QuestionThreads

  func add(to router: Router<VisitContext>) {
    for path in ["/o", "/o/**", "/i/**"] {
      for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete] {
        router.on(RouterPath(path), method: method, use: handle)
      }
    }
  }

  @Sendable private func handle(
    _ request: Request, context: VisitContext
  ) async throws -> Response {
    // A question by POST may name its method in the body, which then has the standard bounds.
    let bounds = service.bounds(of: Self.head(of: request))
    guard
      let question = await Self.question(of: request, context, upTo: bounds.bodyBytesMax)
    else { return Routes.json(QueryError(code: .bodyTooLarge).reply) }
    let service = service
    let reply = await QuestionRun.answer(
      within: .milliseconds(bounds.deadlineMs), threads, question.cancellation
    ) { service.begin(question) }
    return Routes.json(reply, to: question)
  }

  /// A request as a question; parameters in a body, a form or a JSON object, overwrite those of the
  /// query. nil when the body has more than `limit` bytes.
  static func question(
    of request: Request, _ context: VisitContext, upTo limit: Int
  ) async -> QueryRequest? {
    var question = head(of: request)
    question.peer = context.peer
    guard request.method != .get else { return question }
    guard let body = try? await request.body.collect(upTo: limit) else { return nil }
    question.body = Array(buffer: body)
    let sent =
      HeaderText.isJSON(question.contentType)
      ? JSONParameters.read(question.body)
      : HeaderText.isMultipartForm(question.contentType)
        ? MultipartParameters.read(question.body)
        : FormParameters.read(question.body)
    question.parameters.merge(sent) { _, body in body }
    return question
  }

  /// A question as far as it can be read without its body.
  static func head(of request: Request) -> QueryRequest {
    let query = Array((request.head.path ?? "").utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst())
    var question = QueryRequest(
      httpMethod: request.method.rawValue, path: normal(request.uri.path),
      parameters: FormParameters.read(query))
    question.rawQuery = query
    question.contentType = request.headers[.contentType] ?? ""
    if let token = request.headers[.init("countly-token") ?? .authorization] {
      question.parameters["auth_token"] = token
    }
    question.session = SessionCookie(header: request.headers[.cookie])
    question.forwarded = HTTPField.Name("X-Forwarded-For").flatMap { request.headers[$0] }
    question.csrf = HTTPField.Name("x-csrf-token").flatMap { request.headers[$0] }
    if let header = request.headers[.authorization], header.lowercased().hasPrefix("bearer ") {
      question.bearer = header.dropFirst(7).trimmingCharacters(in: .whitespaces)
    }
    return question
  }

  /// Without a slash at the end.
  private static func normal(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }
}
