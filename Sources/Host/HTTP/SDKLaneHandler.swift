import NIOCore
import NIOHTTP1
import PluginRuntime

/// One connection of the SDK lane. Answers `/i` and `/i/bulk` itself, on the event loop, and passes
/// every other request on to Hummingbird behind it, one at a time and in turn.
///
/// SDK requests behind one another are read at once and answered in order. Whatever cannot be begun
/// yet is held, and nothing more is read meanwhile; what is held is at most what the socket gave in
/// one go. The files `SDKLaneHandler+*.swift` hold the two ways a request can take, the replies,
/// the other events and the end.
final class SDKLaneHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  enum Mode {
    /// The next part is a head.
    case between
    /// A request of the lane is arriving.
    case receiving
    /// Hummingbird has a request: it is still arriving, or not yet answered.
    case passing(Passing)
    /// A handshake is arriving, of what `upgrade` holds.
    case upgrading
    /// The last answer is decided; what still comes is thrown away.
    case finishing
  }

  let loop: LaneLoop
  /// Who answers a request that was passed on is told of it here.
  let departure: Departure
  var mode = Mode.between
  /// The lane's request that is arriving.
  var request: LaneRequest?
  var replies = ReplyQueue()
  /// What is different about answers to come, by their numbers; nil while nothing is.
  var dresses: [UInt32: ReplyDress]?
  var held = CircularBuffer<HTTPServerRequestPart>(initialCapacity: 1)
  /// What the decoder could not read; answered after everything before it.
  var brokenInput: Refusal?
  var isInputClosed = false
  var isQuiescing = false
  var isReadWanted = false
  var hasUnflushed = false
  /// The last reply is on its way; the connection ends behind it.
  var isEnding = false
  /// When the last reply was sent.
  var endedAt: Int?
  /// The handshake that arrives: `WebSocket/SDKLaneHandler+Upgrade.swift`.
  var upgrade: (head: HTTPRequestHead, pass: LiveDoor.Pass)?
  /// The place in the loop's list of connections.
  var place: Int?
  /// When something last happened, in the loop's seconds.
  var lastActive = 0
  /// When the request that is arriving began.
  var requestStarted: Int?
  /// Something was passed on that Hummingbird was not yet told to look at.
  var hasPassed = false
  private var sawPart = false
  var context: ChannelHandlerContext?
  /// Replies leave from here, behind the encoder that has nothing to do for them.
  var encoder: ChannelHandlerContext?

  /// The other end's address; asked for only where somebody looks at it.
  private(set) lazy var peer = ClientAddress(context?.channel.remoteAddress)

  /// There are too many connections: this one is told so and closed.
  private let isRefused: Bool

  init(loop: LaneLoop, departure: Departure, isRefused: Bool) {
    self.loop = loop
    self.departure = departure
    self.isRefused = isRefused
  }

  // MARK: Life

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    let pipeline = context.pipeline.syncOperations
    encoder = try? pipeline.context(handlerType: HTTPResponseEncoder.self)
    lastActive = loop.seconds
    loop.add(self)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    forget()
    self.context = nil
    encoder = nil
  }

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    guard isRefused else { return }
    refuseAndEnd(.connectionLimit)
    encoder?.flush()
    closeNow()
  }

  func channelInactive(context: ChannelHandlerContext) {
    forget()
    context.fireChannelInactive()
  }

  private func forget() {
    departure.happened()
    mode = .finishing
    held.removeAll()
    dropRequest()
    loop.remove(self)
  }

  // MARK: Reading

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    noteRead()
    let part = unwrapInboundIn(data)
    if held.isEmpty, !mustHold(part) {
      take(part)
    } else if case .finishing = mode {
      return
    } else {
      held.append(part)
    }
  }

  /// The client sent something that is a request, or a part of one.
  @inline(__always)
  func noteRead() {
    sawPart = true
    lastActive = loop.seconds
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    // Bytes that made no part yet: the beginning of a head.
    if !sawPart, case .between = mode, requestStarted == nil { requestStarted = loop.seconds }
    sawPart = false
    flushReplies()
    tellPassed(context)
  }

  /// Nothing is read while there is enough to do or the client does not take its replies.
  private var isPaused: Bool {
    if case .finishing = mode { return false }
    guard held.isEmpty, replies.count < loop.limits.pipelinedMax else { return true }
    return !(context?.channel.isWritable ?? true)
  }

  func read(context: ChannelHandlerContext) {
    if isPaused {
      isReadWanted = true
    } else {
      context.read()
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    lastActive = loop.seconds
    resumeReading()
    context.fireChannelWritabilityChanged()
  }

  func resumeReading() {
    guard isReadWanted, !isPaused else { return }
    isReadWanted = false
    context?.read()
  }

  /// Whether a part has to wait for the requests before it.
  private func mustHold(_ part: HTTPServerRequestPart) -> Bool {
    guard case .head(var head) = part else { return false }
    if case .passing = mode { return true }
    if case .finishing = mode { return false }
    if replies.isEmpty { return false }
    if replies.count >= loop.limits.pipelinedMax { return true }
    return Self.route(of: &head) == nil
  }

  @inline(__always)
  static func route(of head: inout HTTPRequestHead) -> IntakeRequest.Route? {
    var target = head.uri
    return target.withUTF8 { RequestTarget.route(of: UnsafeRawBufferPointer($0)) }
  }

  private func take(_ part: HTTPServerRequestPart) {
    switch mode {
    case .between:
      guard case .head(var head) = part else { return }
      if requestStarted == nil { requestStarted = loop.seconds }
      if let route = Self.route(of: &head) {
        begin(LaneRequest(head, route: route))
      } else {
        pass(head)
      }
    case .receiving: receive(part)
    case .passing: passOn(part)
    case .upgrading: upgradeOn(part)
    case .finishing: break
    }
  }

  /// Begins what could not be begun before; then what the client did meanwhile.
  func takeHeld() {
    while let part = held.first, !mustHold(part) {
      held.removeFirst()
      take(part)
    }
    if let context { tellPassed(context) }
    guard held.isEmpty, replies.isEmpty, !hasUnflushed, case .between = mode else { return }
    if let refusal = brokenInput {
      brokenInput = nil
      refuseAndEnd(refusal)
    } else if isInputClosed || isQuiescing && requestStarted == nil {
      closeNow()
    }
  }
}
