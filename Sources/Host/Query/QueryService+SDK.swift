import PluginRuntime

/// `/o/sdk`: what SDKs ask.
extension QueryService {
  static let sdkPath = "/o/sdk"

  /// Waits for no commit: SDKs ask at every start, before they have sent anything, and a commit
  /// for each would be paid by everybody. It makes no user.
  func answerSDK(_ request: QueryRequest) throws -> QueryReply {
    let number = try sdk.app(request)
    guard let app = apps.snapshot.byNumber[number] else {
      throw QueryError(code: .appDoesNotExist)
    }
    switch route(for: request) {
    case .wrongMethod: throw QueryError(code: .methodNotAllowed)
    case .unknown:
      guard ["GET", "POST"].contains(request.httpMethod) else {
        throw QueryError(code: .methodNotAllowed)
      }
      guard let reply = SDKDefaults.reply(to: request, nowMs: Clock.system.nowMs) else {
        throw QueryError(code: .unknownMethod)
      }
      return reply
    case .found(let lease, _):
      defer { withExtendedLifetime(lease) {} }
      return try answer(request, lease.reader, app, nil)
    }
  }
}
