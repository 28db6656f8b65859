import NIOCore
import NIOHTTP1
import NIOWebSocket

/// A connection that becomes a WebSocket, on its first request or a later one. What is refused is an
/// ordinary request, answered behind the lane.
extension SDKLaneHandler {
  /// Takes a handshake; false when the request is none, or not admitted.
  func beginUpgrade(_ head: HTTPRequestHead) -> Bool {
    guard let door = loop.live, let pass = door.admit(head) else { return false }
    mode = .upgrading
    upgrade = (head, pass)
    return true
  }

  /// The handshake is whole with its end.
  func upgradeOn(_ part: HTTPServerRequestPart) {
    guard case .end = part, let (head, pass) = upgrade, let context, let door = loop.live else {
      return
    }
    upgrade = nil
    let upgrader = NIOWebSocketServerUpgrader(
      shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
      upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
    let bound = NIOLoopBound((self, pass, door), eventLoop: context.eventLoop)
    upgrader.buildUpgradeResponse(
      channel: context.channel, upgradeRequest: head, initialResponseHeaders: [:]
    ).whenComplete { result in
      let (handler, pass, door) = bound.value
      do { try handler.switchProtocols(try result.get(), pass, door) } catch { handler.closeNow() }
    }
  }

  private func switchProtocols(
    _ headers: HTTPHeaders, _ pass: LiveDoor.Pass, _ door: LiveDoor
  ) throws {
    guard let encoder, let context else { return }
    let channel = context.channel
    // What a reader leaves lying is bounded here and in the system.
    let options = channel.syncOptions
    try options?.setOption(.writeBufferWaterMark, value: LiveSocketHandler.waterMark)
    try options?.setOption(.socketOption(.so_sndbuf), value: .init(LiveSocketHandler.socketBytes))
    let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    let pipeline = context.pipeline.syncOperations
    let decoder = try pipeline.context(handlerType: ByteToMessageHandler<HTTPRequestDecoder>.self)
    pipeline.removeHandler(context: encoder, promise: nil)
    // Behind the decoder, so that what it still holds comes here; HTTP stays behind and hears
    // nothing more.
    let frames = ByteToMessageHandler(
      WebSocketFrameDecoder(maxFrameSize: LiveSocketHandler.frameBytesMax))
    let socket = LiveSocketHandler(pass, feed: door.feed)
    try pipeline.addHandlers(
      [WebSocketFrameEncoder(), frames, socket], position: .after(decoder.handler))
    pipeline.removeHandler(context: context, promise: nil)
    // A handshake that had to wait its turn comes in no read, so that none would follow.
    let bound = NIOLoopBound(socket, eventLoop: channel.eventLoop)
    pipeline.removeHandler(context: decoder).whenComplete { _ in bound.value.readOn() }
  }
}
