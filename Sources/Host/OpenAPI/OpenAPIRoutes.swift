import Hummingbird

/// `/openapi.json`: what this server answers, with the plugins that run now. Anybody may read it.
struct OpenAPIRoutes {
  static let path = "/openapi.json"
  private static let deadline = Duration.seconds(5)

  let core: Core
  let threads: QuestionThreads

  func add(to router: Router<VisitContext>) {
    router.get(RouterPath(Self.path)) { [core, threads] _, _ in
      let reply = await QuestionRun.answer(within: Self.deadline, threads, .init()) {
        .answered(
          QueryReply(
            status: 200,
            body: Array(OpenAPIDocument(routes: core.apiRoutes).json.text(escaping: false).utf8)))
      }
      return Routes.json(reply)
    }
  }
}
