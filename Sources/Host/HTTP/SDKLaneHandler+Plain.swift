/// Requests that came past the decoder.
extension SDKLaneHandler {
  /// Takes a whole request; false when it is not the lane's, or not its turn.
  func take(_ request: PlainRequest, in text: UnsafeRawBufferPointer) -> Bool {
    guard case .between = mode, held.isEmpty, brokenInput == nil, !isEnding,
      replies.count < loop.limits.pipelinedMax
    else { return false }
    let target = text.part(request.target.lowerBound, request.target.count)
    guard let route = RequestTarget.route(of: target) else { return false }
    noteRead()
    let body = request.isPost ? text.part(request.headBytes, request.bodyBytes) : nil
    let forwarded = request.forwarded
    submit(.keep, forwarded: forwarded.map { String(decoding: text[$0], as: UTF8.self) }) {
      IntakeRequest(
        route: route, target: target, body: body, format: request.format, receivedMs: $0)
    }
    writeReplies()
    return true
  }
}
