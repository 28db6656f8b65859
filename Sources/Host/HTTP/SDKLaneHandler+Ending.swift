import NIOCore

/// How a connection ends, and the clock that ends one that should.
extension SDKLaneHandler {
  /// Closes without another word.
  func closeNow() {
    mode = .finishing
    context?.close(promise: nil)
  }

  /// Closes behind the last reply. A client that is still sending would lose that reply to the
  /// reset its bytes provoke, so it is told that nothing more comes and listened to for a moment.
  func endAfterReply() {
    guard endedAt == nil, let context else { return }
    endedAt = loop.seconds
    mode = .finishing
    context.close(mode: .output, promise: nil)
    if isInputClosed { closeNow() }
  }

  /// Called about once a second.
  func tick() {
    let now = loop.seconds
    if let endedAt {
      if now - endedAt > Int(loop.limits.lingerTimeout.seconds) { closeNow() }
    } else if let requestStarted, now - requestStarted > Int(loop.limits.requestTimeout.seconds) {
      endSlowRequest()
    } else if now - lastActive > Int(loop.limits.idleTimeout.seconds), isIdle {
      loop.metrics.connectionsIdle.add()
      closeNow()
    }
  }

  /// Nothing is owed to the client, or the client takes nothing of it.
  private var isIdle: Bool {
    guard context?.channel.isWritable ?? false else { return true }
    if case .passing = mode { return false }
    return replies.isEmpty && requestStarted == nil
  }

  private func endSlowRequest() {
    requestStarted = nil
    if case .passing = mode {
      loop.metrics.refuse(.requestTimeout)
      return closeNow()
    }
    refuseAndEnd(.requestTimeout)
    flushReplies()
  }
}

extension TimeAmount {
  /// Whole seconds, at least one.
  var seconds: Int64 { max(1, nanoseconds / 1_000_000_000) }
}
