import Hummingbird
import NIOPosix

/// The paths of management, GET and POST alike.
struct ManagementRoutes {
  let service: ManagementService
  let threads: NIOThreadPool

  func add(to router: Router<BasicRequestContext>) {
    for path in ManagementService.paths {
      router.get(RouterPath(path), use: handle)
      router.post(RouterPath(path), use: handle)
    }
  }

  @Sendable private func handle(
    _ request: Request, context: BasicRequestContext
  ) async throws -> Response {
    guard let question = await QueryRoutes.question(of: request) else {
      return Routes.json(QueryError(code: .bodyTooLarge).reply)
    }
    let service = service
    return Routes.json(try await threads.runIfActive { service.answer(question) })
  }
}
