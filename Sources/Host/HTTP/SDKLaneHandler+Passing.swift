import NIOCore
import NIOHTTP1

/// Requests that are Hummingbird's: passed on with nothing before them, one at a time.
extension SDKLaneHandler {
  /// How far a passed request is.
  struct Passing {
    /// All of the request was passed on.
    var isReceived = false
    /// All of the response came back.
    var isAnswered = false
    /// The connection ends behind the response.
    var isLast: Bool
  }

  func pass(_ head: HTTPRequestHead) {
    var head = head
    let hasUpgrade = head.headers.contains(name: "upgrade")
    if hasUpgrade, beginUpgrade(head) { return }
    // The decoder may stop reading behind a request that speaks of such.
    if hasUpgrade || head.headers.contains(name: "proxy-connection") {
      head.headers.replaceOrAdd(name: "connection", value: "close")
    }
    mode = .passing(Passing(isLast: !head.isKeepAlive))
    if head.version.minor >= 1, let expected = head.headers.first(name: "expect"),
      HeaderText.isEqual(expected, "100-continue")
    {
      replies.push(Reply(content: .proceed, connection: .keep))
      writeReplies()
      context?.flush()
    }
    hasPassed = true
    context?.fireChannelRead(wrapInboundOut(.head(head)))
    if isQuiescing { context?.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
  }

  func passOn(_ part: HTTPServerRequestPart) {
    guard case .passing(var passing) = mode else { return }
    if case .end = part {
      requestStarted = nil
      passing.isReceived = true
      mode = .passing(passing)
    }
    hasPassed = true
    context?.fireChannelRead(wrapInboundOut(part))
    if isInputClosed, passing.isReceived {
      context?.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }
    finishPassing()
  }

  /// Hummingbird waits for this word before it looks at what came; requests of the lane are none of
  /// its business.
  func tellPassed(_ context: ChannelHandlerContext) {
    guard hasPassed else { return }
    hasPassed = false
    context.fireChannelReadComplete()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    context.write(data, promise: promise)
    guard case .passing(var passing) = mode else { return }
    lastActive = loop.seconds
    switch unwrapOutboundIn(data) {
    case .head(let head):
      if head.headers.first(name: "connection").map({ HeaderText.isEqual($0, "close") }) ?? false {
        passing.isLast = true
      }
    case .body: return
    case .end: passing.isAnswered = true
    }
    mode = .passing(passing)
  }

  func flush(context: ChannelHandlerContext) {
    context.flush()
    finishPassing()
  }

  /// Takes the connection back once a passed request is over on both sides.
  private func finishPassing() {
    guard case .passing(let passing) = mode, passing.isReceived, passing.isAnswered else { return }
    mode = passing.isLast ? .finishing : .between
    if passing.isLast { held.removeAll() }
    flushReplies()
  }
}
