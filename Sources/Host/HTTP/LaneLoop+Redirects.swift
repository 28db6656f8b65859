import NIOCore
import PluginRuntime

/// Requests of apps that moved to another server. They are answered when that server has answered:
/// until somebody has accepted a request, its client keeps it.
extension LaneLoop {
  /// How long the other server may take.
  static let redirectTimeoutMs = 10_000
  /// What is read of its answer.
  private static let answerBytesMax = 64 << 10
  /// Whose requests these are, where outgoing requests are counted.
  private static let sender = "redirect"

  /// Sends the request on that was read last; nil when its reply follows.
  @inline(never)
  func redirect(_ handler: SDKLaneHandler, _ number: UInt32, _ mark: UInt64) -> Reply.Content? {
    intake.origin = Origin(peer: handler.peer, forwarded: handler.request?.forwarded)
    guard let (forward, url) = intake.takeForward() else { return .refusal(.redirectFailed) }
    guard let token = tokens.take(handler, request: number) else { return .refusal(.requestLimit) }
    send(forward, to: url, token: token | mark)
    return nil
  }

  func send(_ forward: Forward, to url: String, token: UInt64) {
    let bytes = forward.body?.count ?? 0
    guard let outgoing = rare.outgoing, reserveBody(bytes) else {
      return answerSoon(token, .refusal(.bodyMemoryLimit))
    }
    var request = OutgoingRequest(plugin: Self.sender, url: url)
    if let body = forward.body {
      request.method = "POST"
      request.body = body
      request.fields = [("Content-Type", forward.contentType)]
    }
    request.timeoutMs = Self.redirectTimeoutMs
    request.answerBytesMax = Self.answerBytesMax
    let target = forward.target
    let started = outgoing.start(request) { [self] _, answer in
      isStopped.withLock { isStopped in
        guard !isStopped else { return }
        eventLoop.execute {
          self.releaseBody(bytes)
          self.finish(token, target, answer)
        }
      }
    }
    if started == nil {
      releaseBody(bytes)
      answerSoon(token, .refusal(.requestLimit))
    }
  }

  /// Behind whatever the loop does now: a reply may not be known before its request is.
  func answerSoon(_ token: UInt64, _ content: Reply.Content) {
    eventLoop.execute { self.answer([token], content) }
  }

  private func finish(_ token: UInt64, _ target: String, _ answer: OutgoingAnswer) {
    let isAccepted = Self.isAccepted(answer)
    let isSafe = token & Self.safeMark != 0
    let message = Self.message(answer, target, isAccepted: isAccepted, isSafe: isSafe)
    if let (connection, request) = tokens.owner(of: token & ~Self.safeMark) {
      connection.dress(request) { $0.message = message }
    }
    if isAccepted { metrics.requestsRedirected.add() }
    self.answer([token], isAccepted ? .success : .refusal(.redirectFailed))
  }

  /// Whether an SDK would take it for success: then, and only then, its request is somebody else's.
  private static func isAccepted(_ answer: OutgoingAnswer) -> Bool {
    guard answer.failure == 0, (200..<300).contains(answer.status) else { return false }
    return isAnswer(answer.body)
  }

  private static func isAnswer(_ body: [UInt8]) -> Bool {
    guard case .object(let members)? = JSONValue(String(decoding: body, as: UTF8.self)) else {
      return false
    }
    return members["result"] != nil
  }

  /// A safe request is told what the other server said, as far as that is an answer.
  private static func message(
    _ answer: OutgoingAnswer, _ target: String, isAccepted: Bool, isSafe: Bool
  ) -> Reply.Message {
    if isSafe, answer.failure == 0, isAccepted || answer.status >= 400, isAnswer(answer.body) {
      return Reply.Message(status: answer.status, body: answer.body)
    }
    guard isAccepted else {
      let text = "Redirect error. Tried to redirect to:\(target)"
      return Reply.Message(status: 400, body: QueryReply(status: 400, message: text).body)
    }
    let words = QueryReply(status: 200, message: "Request ignored: Redirected: \(target)").body
    let info = String(decoding: words, as: UTF8.self).dropFirst(#"{"result":"#.count)
    return Reply.Message(
      status: 200, body: Array(#"{"result":"Success","info":"#.utf8) + Array(info.utf8))
  }
}
