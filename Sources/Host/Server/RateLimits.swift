import HTTPTypes
import Hummingbird

/// Refuses addresses that ask too often, as `security` says, for pages and for everything else. What
/// devices send has bounds of its own, and does not come here; who watches the server is let in.
struct RateLimits: RouterMiddleware {
  private static let exempt: Set<String> = ["/o/ping", "/metrics"]
  /// Of some the last segment is a token.
  private static let pagePaths = Set(
    LoginPages.paths.map { $0.path.replacing("/{token}", with: "") })

  let spaces: ConfigurationSpaces
  let proxies: TrustedProxies
  private let pages = RateLimit()
  private let others = RateLimit()

  init(core: Core, metrics: Metrics) {
    spaces = core.spaces
    proxies = core.configuration.host.trustedProxies
    for (limit, of) in [(pages, "dashboard"), (others, "api")] {
      metrics.counter(
        "tally_rate_refused_total", help: "Requests of addresses that asked too often",
        labels: "of=\"\(of)\""
      ) { limit.refused.count }
      metrics.counter(
        "tally_rate_uncounted_total", help: "Requests of addresses too many to be counted",
        labels: "of=\"\(of)\""
      ) { limit.uncounted.count }
    }
  }

  func handle(
    _ request: Request, context: VisitContext,
    next: (Request, VisitContext) async throws -> Response
  ) async throws -> Response {
    guard let seconds = wait(request, context) else { return try await next(request, context) }
    return Routes.json(
      QueryReply(
        status: 429, body: QueryReply(status: 429, message: "Too many requests").body,
        headers: [(name: "Retry-After", value: "\(seconds)")]))
  }

  private static func isPage(_ path: String) -> Bool {
    pagePaths.contains(path)
      || path.lastIndex(of: "/").map { pagePaths.contains(String(path[..<$0])) } ?? false
  }

  private func wait(_ request: Request, _ context: VisitContext) -> Int64? {
    let isPage = Self.isPage(request.uri.path)
    guard !Self.exempt.contains(request.uri.path), let peer = context.peer,
      let rule = isPage
        ? RateLimit.Rule(
          windowSeconds: spaces.number(.dashboardRateWindow),
          requests: spaces.number(.dashboardRateRequests))
        : RateLimit.Rule(
          windowSeconds: spaces.number(.apiRateWindow),
          requests: spaces.number(.apiRateRequests))
    else { return nil }
    let forwarded = HTTPField.Name("X-Forwarded-For").flatMap { request.headers[$0] }
    let address = proxies.client(behind: peer, forwarded: forwarded)
    return (isPage ? pages : others).wait(address, rule, nowS: Clock.system.nowMs / 1_000)
  }
}
