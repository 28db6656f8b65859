import PluginRuntime

/// `/o/sdk`: what SDKs ask.
extension QueryService {
  static let sdkPath = "/o/sdk"

  func answerSDK(_ request: QueryRequest) throws -> QueryReply {
    let number = try sdk.app(request.parameters, query: request.rawQuery, body: request.body)
    guard let app = apps.snapshot.byNumber[number] else {
      throw QueryError(code: .appDoesNotExist)
    }
    switch route(for: request) {
    case .wrongMethod: throw QueryError(code: .methodNotAllowed)
    case .unknown: throw QueryError(code: .unknownMethod)
    case .found(let lease, _):
      defer { withExtendedLifetime(lease) {} }
      return try answer(request, lease.reader, app, nil)
    }
  }
}
