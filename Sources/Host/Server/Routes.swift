import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix

/// Everything that is not `/i` and `/i/bulk`: one router, one place to see what the server answers.
struct Routes {
  let core: Core
  let metrics: Metrics
  /// Of pages alone.
  let pageThreads: NIOThreadPool
  let supervisor: PluginSupervisor
  let directory: PluginDirectory
  let users: UserService

  /// The way in for readers of live messages.
  var door: LiveDoor {
    var access = core.access
    // Handshakes are judged on event loops.
    access.mayWait = false
    return LiveDoor(access: access, apps: core.registry, feed: core.live)
  }

  var responder: some HTTPResponder<VisitContext> {
    let router = Router(context: VisitContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RateLimits(core: core, metrics: metrics))
    router.get("/o/ping") { _, _ in Self.json(QueryReply(status: 200, message: "Success")) }
    for method in [HTTPRequest.Method.get, .post] {
      router.on("/o/themes", method: method) { request, _ in
        Self.json(QueryReply(.texts(ConfigurationKey.themes)), to: QueryRoutes.head(of: request))
      }
    }
    router.get("/metrics") { [metrics] _, _ in
      Response(
        status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
        body: .init(byteBuffer: ByteBuffer(string: metrics.render())))
    }
    router.get("/robots.txt") { [spaces = core.spaces] _, _ in
      Response(
        status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
        body: .init(byteBuffer: ByteBuffer(string: spaces.text(.robots))))
    }
    let own = OwnRoutes(core: core)
    let service = QueryService(
      store: core.store, journal: core.journal, runtime: core.runtime,
      access: core.access, apps: core.registry,
      sdk: SDKAccess(directory: core.directory), users: users, own: own, cache: core.reads,
      log: core.log)
    QueryRoutes(service: service, threads: core.questions).add(to: router)
    let manager = PluginManager(core: core, supervisor: supervisor)
    core.manager.withLock { $0 = manager }
    let management = ManagementService(
      directory: directory, manager: manager,
      access: core.access, apps: core.registry, log: core.log)
    ManagementRoutes(service: management, threads: core.readers).add(to: router)
    own.add(to: router)
    OpenAPIRoutes(core: core, threads: core.questions).add(to: router)
    AppImages(store: core.store, threads: core.readers).add(to: router)
    LiveStream(door: door, threads: core.readers).add(to: router)
    PageRoutes(
      pages: LoginPages(core: core), proxies: core.configuration.host.trustedProxies,
      threads: pageThreads
    ).add(to: router)
    router.add(middleware: Preflight())
    router.add(middleware: UnknownPath())
    return router.buildResponder()
  }

  /// The answer as its question asks for it.
  static func json(_ reply: QueryReply, to question: QueryRequest) -> Response {
    json(reply.asked(by: question.parameters["callback"]))
  }

  static func json(_ reply: QueryReply) -> Response {
    var headers: HTTPFields = [.contentType: "application/json; charset=utf-8"]
    for header in reply.headers {
      if let name = HTTPField.Name(header.name) { headers[name] = header.value }
    }
    return Response(
      status: .init(code: reply.status), headers: headers,
      body: .init(byteBuffer: ByteBuffer(bytes: reply.body)))
  }
}

/// A browser that asks beforehand may ask on, wherever it is; what it then asks is judged as ever.
private struct Preflight: RouterMiddleware {
  func handle(
    _ request: Request, context: VisitContext,
    next: (Request, VisitContext) async throws -> Response
  ) async throws -> Response {
    guard request.method == .options else { return try await next(request, context) }
    let headers = Reply.preflightHeaders.map { (name: $0.0, value: $0.1) }
    return Routes.json(QueryReply(status: 200, body: [], headers: headers))
  }
}

/// A path nobody answers gets the words clients know.
private struct UnknownPath: RouterMiddleware {
  func handle(
    _ request: Request, context: VisitContext,
    next: (Request, VisitContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as HTTPError where error.status == .notFound {
      return Routes.json(QueryError(unknownPath: request.uri.path).reply)
    }
  }
}
