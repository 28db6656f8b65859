import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import Synchronization

/// The pages over HTTP. They have threads of their own: whoever guesses passwords keeps no question
/// waiting, and finds a queue that is soon full.
struct PageRoutes: Sendable {
  static let waitingMax = 64
  private static let bodyBytesMax = 16 << 10

  let pages: LoginPages
  let proxies: TrustedProxies
  let threads: NIOThreadPool
  private let waiting = Waiting()

  init(pages: LoginPages, proxies: TrustedProxies, threads: NIOThreadPool) {
    (self.pages, self.proxies, self.threads) = (pages, proxies, threads)
  }

  private final class Waiting: Sendable {
    let count = Atomic<Int>(0)
  }

  func add(to router: Router<VisitContext>) {
    for (method, path) in LoginPages.paths {
      router.on(RouterPath(path), method: method == "GET" ? .get : .post, use: handle)
    }
  }

  @Sendable private func handle(_ request: Request, context: VisitContext) async throws -> Response
  {
    guard let page = await read(request, context) else {
      return Self.response(pages.dressed(.plain(413, "Request body is too large")))
    }
    let place = waiting.count.wrappingAdd(1, ordering: .relaxed).newValue
    defer { waiting.count.wrappingSubtract(1, ordering: .relaxed) }
    guard place <= Self.waitingMax else {
      return Self.response(
        pages.dressed(
          .plain(503, "Too many people sign in; try again", [("Retry-After", "5")])))
    }
    let pages = pages
    return Self.response(try await threads.runIfActive { pages.answer(page) })
  }

  private func read(_ request: Request, _ context: VisitContext) async -> PageRequest? {
    guard
      let question = await QueryRoutes.question(of: request, context, upTo: Self.bodyBytesMax)
    else { return nil }
    var (path, parameters) = (question.path, question.parameters)
    // The last segment may be a token.
    if let token = context.parameters.get("token") {
      path = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.endIndex))
      parameters["token"] = token
    }
    return PageRequest(
      method: request.method == .post ? "POST" : "GET", path: path, parameters: parameters,
      cookie: question.session,
      authorization: request.headers[.authorization],
      address: proxies.client(of: question))
  }

  private static func response(_ page: PageReply) -> Response {
    var headers = HTTPFields()
    for header in page.headers {
      if let name = HTTPField.Name(header.name) { headers[name] = header.value }
    }
    return Response(
      status: .init(code: page.status), headers: headers,
      body: .init(byteBuffer: ByteBuffer(string: page.body)))
  }
}
