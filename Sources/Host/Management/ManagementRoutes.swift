import Hummingbird

/// The paths of management, GET and POST alike.
struct ManagementRoutes {
  let service: ManagementService
  let threads: ReadPool

  /// Settings are small; a body beyond this is no change of settings.
  private static let bodyBytesMax = 1 << 20

  func add(to router: Router<VisitContext>) {
    for path in ManagementService.paths {
      router.get(RouterPath(path), use: handle)
      router.post(RouterPath(path), use: handle)
    }
  }

  @Sendable private func handle(
    _ request: Request, context: VisitContext
  ) async throws -> Response {
    guard
      let question = await QueryRoutes.question(of: request, context, upTo: Self.bodyBytesMax)
    else { return Routes.json(QueryError(code: .bodyTooLarge).reply) }
    let service = service
    let reply = try await threads.run { service.answer(question) }
    return Routes.json(reply, to: question)
  }
}
