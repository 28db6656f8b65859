import NIOCore

/// What is different about one answer.
struct ReplyDress {
  /// The function it is handed to.
  var callback: CallbackName?
  /// Words of its own.
  var message: Reply.Message?
}

/// Replies on their way out, in the order of their requests.
extension SDKLaneHandler {
  /// Makes a waiting request's reply known; true when the connection has something new to flush.
  func settle(_ number: UInt32, _ content: Reply.Content) -> Bool {
    replies.resolve(number, content)
    let wasUnflushed = hasUnflushed
    writeReplies()
    return hasUnflushed && !wasUnflushed
  }

  /// Writes the replies whose turn it is.
  func writeReplies() {
    loop.followHeaders()
    while !isEnding, var reply = replies.next() {
      if reply.content != .proceed {
        loop.count(reply.content)
        if isQuiescing, replies.isEmpty, held.isEmpty, case .between = mode {
          reply.connection = .close
        }
        isEnding = reply.connection == .close
      }
      hasUnflushed = true
      let bytes = dresses == nil ? loop.replies[reply] : dressed(reply)
      encoder?.write(NIOAny(bytes), promise: nil)
    }
  }

  /// An answer that is not like all others of its kind.
  @inline(never)
  private func dressed(_ reply: Reply) -> ByteBuffer {
    guard reply.content != .proceed,
      let dress = dresses?.removeValue(forKey: replies.lastTaken)
    else { return loop.replies[reply] }
    if dresses?.isEmpty == true { dresses = nil }
    var message = dress.message ?? loop.replies.message(reply.content)
    if let callback = dress.callback { message.call(callback) }
    return message.bytes(reply.connection, loop.replies.headers)
  }

  /// Sends what was written, and goes on with what waited for it.
  func flushReplies() {
    if hasUnflushed {
      hasUnflushed = false
      lastActive = loop.seconds
      encoder?.flush()
    }
    if isEnding {
      endAfterReply()
      return
    }
    if !held.isEmpty || isInputClosed || isQuiescing || brokenInput != nil {
      takeHeld()
      if hasUnflushed { return flushReplies() }
    }
    resumeReading()
  }
}
