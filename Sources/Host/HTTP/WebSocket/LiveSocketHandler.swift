import NIOCore
import NIOWebSocket

/// One reader of live messages on its WebSocket. A reader that leaves messages lying gets the newest
/// when it goes on, and is dropped with a reason when it does not.
final class LiveSocketHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  /// What a client may send at once; all of it is thrown away but pings and its close.
  static let frameBytesMax = 4 << 10
  /// What lies in the process for a reader before it counts as slow.
  static let waterMark = ChannelOptions.Types.WriteBufferWaterMark(low: 4 << 10, high: 16 << 10)
  /// And what the system keeps for it.
  static let socketBytes = 32 << 10
  /// How long a closed reader has to hear why: a slow one must first read what lies before it.
  private static let lingerTime = TimeAmount.seconds(1)
  private static let slowLingerTime = TimeAmount.seconds(10)

  private let pass: LiveDoor.Pass
  private let feed: LiveFeed
  private var number: Int?
  private var context: ChannelHandlerContext?
  /// The newest message, when the reader leaves others lying.
  private var held: ByteBuffer?
  private var slowTimer: Scheduled<Void>?
  private var isClosing = false

  init(_ pass: LiveDoor.Pass, feed: LiveFeed) {
    self.pass = pass
    self.feed = feed
  }

  // MARK: Life

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    let loop = context.eventLoop
    number = feed.join(
      pass.app,
      .init(
        app: pass.app.number, isAllowed: pass.isValid,
        send: { message in loop.execute { bound.value.send(message) } },
        end: { end in
          loop.execute {
            bound.value.close(end == .stopping ? .goingAway : .policyViolation, end.rawValue)
          }
        }))
    if number == nil { close(.init(codeNumber: 1013), "too many readers") }
  }

  func handlerRemoved(context: ChannelHandlerContext) { leave() }

  func channelInactive(context: ChannelHandlerContext) {
    leave()
    context.fireChannelInactive()
  }

  private func leave() {
    if let number { feed.watchers.leave(number) }
    number = nil
    slowTimer?.cancel()
    slowTimer = nil
    held = nil
    context = nil
  }

  // MARK: Sending

  private func send(_ message: ByteBuffer) {
    guard let context, !isClosing else { return }
    guard context.channel.isWritable else {
      held = message
      return
    }
    write(.text, message)
  }

  private func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer) {
    guard let context else { return }
    context.writeAndFlush(
      wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: data)), promise: nil)
    if !context.channel.isWritable { watch() }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    guard context.channel.isWritable else { return watch() }
    slowTimer?.cancel()
    slowTimer = nil
    guard let message = held else { return }
    held = nil
    send(message)
  }

  /// The reader has some time to go on.
  private func watch() {
    guard slowTimer == nil, !isClosing, let context else { return }
    let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
    let limit = TimeAmount.nanoseconds(Int64(LiveLimits.slowSeconds * 1e9))
    slowTimer = context.eventLoop.scheduleTask(in: limit) {
      let handler = bound.value
      handler.feed.watchers.slow.add()
      handler.close(
        .policyViolation, LiveWatchers.End.slow.rawValue, within: Self.slowLingerTime)
    }
  }

  // MARK: Ending

  /// Says why, and closes.
  private func close(
    _ code: WebSocketErrorCode, _ reason: String, within time: TimeAmount = lingerTime
  ) {
    guard let context else { return }
    if isClosing {
      // A stop does not wait for who is slow.
      if code == .goingAway { context.close(promise: nil) }
      return
    }
    isClosing = true
    held = nil
    if let number { feed.watchers.leave(number) }
    number = nil
    var data = ByteBuffer()
    data.write(webSocketErrorCode: code)
    data.writeString(reason)
    write(.connectionClose, data)
    let channel = context.channel
    // What lies before the reason may never be read.
    channel.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    channel.close(mode: .output, promise: nil)
  }

  // MARK: What the client says

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    switch frame.opcode {
    case .ping where context.channel.isWritable && !isClosing: write(.pong, frame.unmaskedData)
    case .connectionClose where isClosing: context.close(promise: nil)
    case .connectionClose: close(.normalClosure, "")
    default: break
    }
  }

  /// What came with the handshake is all that was read so far.
  func readOn() { context?.read() }

  /// Nobody behind hears of reads; the next one is asked for here.
  func channelReadComplete(context: ChannelHandlerContext) { context.read() }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case is ChannelShouldQuiesceEvent: close(.goingAway, LiveWatchers.End.stopping.rawValue)
    case ChannelEvent.inputClosed: context.close(promise: nil)
    default: break
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if error is NIOWebSocketError { return close(.protocolError, "not a WebSocket frame") }
    context.close(promise: nil)
  }
}
