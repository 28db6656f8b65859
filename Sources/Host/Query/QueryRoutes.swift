import Hummingbird
import HummingbirdCore
import NIOCore
import NIOPosix

/// `/o`, everything below it and everything below `/i`: what plugins answer.
struct QueryRoutes {
  let service: QueryService
  let threads: NIOThreadPool

  func add(to router: Router<BasicRequestContext>) {
    for path in ["/o", "/o/**", "/i/**"] {
      for method in [HTTPRequest.Method.get, .post, .put, .patch, .delete] {
        router.on(RouterPath(path), method: method, use: handle)
      }
    }
  }

  @Sendable private func handle(
    _ request: Request, context: BasicRequestContext
  ) async throws -> Response {
    var question = QueryRequest(
      httpMethod: request.method.rawValue, path: Self.normal(request.uri.path),
      parameters: Self.decode(request.uri.queryParameters))
    question.contentType = request.headers[.contentType] ?? ""
    // A question by POST may name its method in the body, which then has the standard bounds.
    let bounds = service.bounds(of: question)
    if request.method != .get {
      guard let body = await Self.body(of: request, upTo: bounds.bodyBytesMax) else {
        return Routes.json(QueryError(code: .bodyTooLarge).reply)
      }
      question.body = Array(buffer: body)
      if !HeaderText.isJSON(question.contentType) {
        let form = URI("/?" + String(buffer: body))
        question.parameters.merge(Self.decode(form.queryParameters)) { _, body in body }
      }
    }
    if let token = request.headers[.init("countly-token") ?? .authorization] {
      question.parameters["auth_token"] = token
    }
    let (service, asked) = (service, question)
    let reply = await QuestionRun.answer(
      within: .milliseconds(bounds.deadlineMs), threads, asked.cancellation
    ) { service.answer(asked) }
    return Routes.json(reply)
  }

  /// A question to the host itself: a form overwrites the query. Nil when its body is too large.
  static func question(of request: Request) async -> QueryRequest? {
    var question = QueryRequest(
      httpMethod: request.method.rawValue, path: normal(request.uri.path),
      parameters: decode(request.uri.queryParameters))
    if request.method != .get {
      guard let body = await body(of: request, upTo: ManagementService.bodyBytesMax) else {
        return nil
      }
      question.parameters.merge(decode(URI("/?" + String(buffer: body)).queryParameters)) {
        _, body in body
      }
    }
    if let token = request.headers[.init("countly-token") ?? .authorization] {
      question.parameters["auth_token"] = token
    }
    return question
  }

  /// nil when there is more than `limit`.
  private static func body(of request: Request, upTo limit: Int) async -> ByteBuffer? {
    try? await request.body.collect(upTo: limit)
  }

  private static func decode(_ parameters: Parameters) -> [String: String] {
    Dictionary(parameters.map { (String($0.key), String($0.value)) }) { _, last in last }
  }

  /// Without a slash at the end.
  private static func normal(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }
}
