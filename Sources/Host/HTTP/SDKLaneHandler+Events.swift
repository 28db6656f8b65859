import NIOCore
import NIOHTTP1

/// What happens to a connection besides requests.
extension SDKLaneHandler {
  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case is ChannelShouldQuiesceEvent:
      isQuiescing = true
      if case .passing = mode { return context.fireUserInboundEventTriggered(event) }
      takeHeld()
      flushReplies()
    case ChannelEvent.inputClosed:
      isInputClosed = true
      // Whoever ends a side while it waits has gone, as far as anybody knows; it is answered all the
      // same.
      departure.happened()
      if case .passing = mode { return context.fireUserInboundEventTriggered(event) }
      takeHeld()
      flushReplies()
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // Behind its first error the decoder reports one for whatever it is still given.
    guard brokenInput == nil else { return }
    if case .finishing = mode { return }
    if case .passing(let passing) = mode, !passing.isReceived {
      return context.fireErrorCaught(error)
    }
    guard let error = error as? HTTPParserError else { return closeNow() }
    let refusal = error == .headerOverflow ? Refusal.headersTooLarge : .malformedRequest
    if case .receiving = mode {
      refuseAndEnd(refusal)
    } else {
      brokenInput = refusal
      takeHeld()
    }
    flushReplies()
  }
}
