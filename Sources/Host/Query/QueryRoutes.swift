import Hummingbird
import HummingbirdCore
import NIOCore
import NIOPosix

/// `/o` and everything below it, GET and POST alike.
struct QueryRoutes {
  /// Bytes of a question's body.
  static let bodyBytesMax = 1 << 20

  let service: QueryService
  let threads: NIOThreadPool

  func add(to router: Router<BasicRequestContext>) {
    for path in ["/o", "/o/**"] {
      router.get(RouterPath(path), use: handle)
      router.post(RouterPath(path), use: handle)
    }
  }

  @Sendable private func handle(
    _ request: Request, context: BasicRequestContext
  ) async throws -> Response {
    let question = try await Self.question(of: request)
    let service = service
    let reply = try await threads.runIfActive { service.answer(question) }
    return Routes.json(reply)
  }

  /// A request as a question: a body overwrites the query.
  static func question(of request: Request) async throws -> QueryRequest {
    var parameters = Self.decode(request.uri.queryParameters)
    if request.method == .post {
      let body = try await request.body.collect(upTo: Self.bodyBytesMax)
      let form = URI("/?" + String(buffer: body))
      parameters.merge(Self.decode(form.queryParameters)) { _, body in body }
    }
    if let token = request.headers[.init("countly-token") ?? .authorization] {
      parameters["auth_token"] = token
    }
    return QueryRequest(
      httpMethod: request.method.rawValue, path: normal(request.uri.path), parameters: parameters)
  }

  private static func decode(_ parameters: Parameters) -> [String: String] {
    Dictionary(parameters.map { (String($0.key), String($0.value)) }) { _, last in last }
  }

  /// Without a slash at the end.
  private static func normal(_ path: String) -> String {
    path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }
}
