import NIOCore
import NIOHTTP1

/// The lane's own requests: from head to journal.
extension SDKLaneHandler {
  func begin(_ begun: LaneRequest) {
    mode = .receiving
    request = begun
    guard begun.verdict == nil else { return }
    let length = begun.contentLength ?? 0
    if length > loop.limits.bodyBytesMax { return refuseAndEnd(.bodyTooLarge) }
    if length > Self.smallBodyBytes || begun.expectsProceed {
      if let refusal = loop.admission(of: length) { return refuseAndEnd(refusal) }
      guard reserve(length) else { return refuseAndEnd(.bodyMemoryLimit) }
    }
    if begun.expectsProceed { push(.proceed) }
  }

  /// A body up to here usually arrives in one piece, which needs no memory of its own.
  private static let smallBodyBytes = 16 << 10

  func receive(_ part: HTTPServerRequestPart) {
    switch part {
    case .head: preconditionFailure("the decoder ends a request before it begins the next")
    case .body(let bytes): receive(bytes)
    case .end: end()
    }
  }

  private func receive(_ bytes: ByteBuffer) {
    guard request != nil else { return }
    request?.received += bytes.readableBytes
    let received = request?.received ?? 0
    if received > loop.limits.bodyBytesMax { return refuseAndEnd(.bodyTooLarge) }
    if request?.verdict != nil { return }
    guard request?.body != nil else {
      request?.body = bytes
      return
    }
    guard reserve(max(received, request?.contentLength ?? 0)) else {
      return refuseAndEnd(.bodyMemoryLimit)
    }
    append(bytes)
  }

  /// The first piece is the socket's own buffer; the second moves both to one of the body's size.
  private func append(_ bytes: ByteBuffer) {
    var bytes = bytes
    var body = request?.body ?? ByteBuffer()
    request?.body = nil
    if body.writableBytes < bytes.readableBytes {
      let expected = max(request?.contentLength ?? 0, body.readableBytes * 2)
      var larger = ByteBufferAllocator().buffer(
        capacity: max(expected, body.readableBytes + bytes.readableBytes))
      larger.writeBuffer(&body)
      body = larger
    }
    body.writeBuffer(&bytes)
    request?.body = body
  }

  private func reserve(_ bytes: Int) -> Bool {
    let reserved = request?.reserved ?? 0
    guard bytes > reserved else { return true }
    guard loop.reserveBody(bytes - reserved) else { return false }
    request?.reserved = bytes
    return true
  }

  /// Gives back what the arriving request holds.
  func dropRequest() {
    if let reserved = request?.reserved, reserved > 0 { loop.releaseBody(reserved) }
    request = nil
    requestStarted = nil
  }

  private func end() {
    guard var ended = request else { return }
    mode = .between
    if let verdict = ended.verdict {
      push(verdict)
    } else {
      submit(&ended)
    }
    dropRequest()
    // Nothing behind a last request is looked at.
    if ended.reply == .close { mode = .finishing }
    writeReplies()
  }

  private func submit(_ ended: inout LaneRequest) {
    let body = ended.isPost ? ended.body ?? ByteBuffer() : nil
    let (route, format, forwarded) = (ended.route, ended.format, ended.forwarded)
    var target = ended.target
    target.withUTF8 { target in
      let target = UnsafeRawBufferPointer(target)
      guard let body else {
        return submit(ended.reply, forwarded: forwarded) {
          IntakeRequest(route: route, target: target, body: nil, format: format, receivedMs: $0)
        }
      }
      body.withUnsafeReadableBytes { bytes in
        submit(ended.reply, forwarded: forwarded) {
          IntakeRequest(route: route, target: target, body: bytes, format: format, receivedMs: $0)
        }
      }
    }
  }

  /// Hands a whole request in; its answer has its place among the others from here on.
  @inline(__always)
  func submit(
    _ connection: Reply.Connection, forwarded: @autoclosure () -> String?,
    _ request: (Int64) -> IntakeRequest
  ) {
    let number = replies.expect(connection)
    let content = loop.submit(self, number: number, forwarded: forwarded(), request)
    if let content { replies.resolve(number, content) }
  }

  private func push(_ content: Reply.Content) {
    replies.push(Reply(content: content, connection: request?.reply ?? .keep))
    if content == .proceed { writeReplies() }
  }

  /// Answers, after everything before it, and takes no more from this client.
  func refuseAndEnd(_ refusal: Refusal) {
    dropRequest()
    held.removeAll()
    mode = .finishing
    replies.push(Reply(content: .refusal(refusal), connection: .close))
    writeReplies()
  }
}
