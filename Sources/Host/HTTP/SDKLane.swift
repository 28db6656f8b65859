import HummingbirdCore
import Journal
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import PluginRuntime
import Synchronization

/// What only rare requests need, and what changes rarely.
struct RareParts: Sendable {
  /// Tells of commits, to those who are answered behind them.
  var commits: CommitGate?
  /// Sends on what belongs to another server.
  var outgoing: (any OutgoingHTTP)?
  /// What every answer says beside itself.
  var headers = AnswerHeaders()
}

/// The connections of the one port: the SDK lane in front, Hummingbird behind it.
final class SDKLane: ServerChildChannel, HTTPChannelHandler {
  /// A connection, as Hummingbird sees it, and who tells that its client has gone.
  struct Value: ServerChildChannelValue {
    let parts: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    let departure: Departure

    var channel: any Channel { parts.channel }
  }

  /// What every event loop's part of the lane is made from.
  struct Context: Sendable {
    let journal: Journal
    let directory: AppDirectory
    let intake: IntakeConfiguration
    let limits: HTTPLimits
    let metrics: Metrics
    /// Milliseconds since 1970.
    let clock: @Sendable () -> Int64
    /// Whose intake hooks look at requests.
    var runtime: PluginRuntime?
    /// Who may be told what happens, by WebSocket.
    var live: LiveDoor?
    var rare = RareParts()
  }

  let responder: HTTPChannelHandler.Responder
  private let context: Context
  private let loops: [ObjectIdentifier: LaneLoop]
  private let open = Atomic<Int>(0)

  init(
    context: Context, group: any EventLoopGroup,
    responder: @escaping HTTPChannelHandler.Responder
  ) {
    self.context = context
    self.responder = responder
    let eventLoops = Array(group.makeIterator())
    loops = Dictionary(
      uniqueKeysWithValues: eventLoops.map {
        (ObjectIdentifier($0), LaneLoop(eventLoop: $0, loops: eventLoops.count, context: context))
      })
  }

  /// Connections open now.
  var connections: Int { open.load(ordering: .relaxed) }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    let isAdmitted = admit(channel)
    return channel.eventLoop.makeCompletedFuture {
      let loop = loops[ObjectIdentifier(channel.eventLoop)]
      guard let loop else { preconditionFailure("every event loop has its part of the lane") }
      let pipeline = channel.pipeline.syncOperations
      let departure = Departure()
      let lane = SDKLaneHandler(loop: loop, departure: departure, isRefused: !isAdmitted)
      try pipeline.addHandler(HTTPResponseEncoder())
      try pipeline.addHandler(PlainReader(lane: lane))
      try pipeline.addHandler(requestDecoder())
      try pipeline.addHandler(lane)
      try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
      try pipeline.addHandler(HTTPConnectionStateHandler(logger: logger))
      let parts = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
        wrappingChannelSynchronously: channel,
        configuration: .init(isOutboundHalfClosureEnabled: true))
      return Value(parts: parts, departure: departure)
    }
  }

  private func admit(_ channel: any Channel) -> Bool {
    let count = open.wrappingAdd(1, ordering: .relaxed).newValue
    channel.closeFuture.whenComplete { _ in
      self.open.wrappingSubtract(1, ordering: .relaxed)
    }
    guard count <= context.limits.connectionsMax else { return false }
    context.metrics.connectionsOpened.add()
    return true
  }

  private func requestDecoder() -> ByteToMessageHandler<HTTPRequestDecoder> {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = context.limits.headerBytesMax
    limits.maxHeaderListSize = context.limits.headerBytesMax
    limits.maxHeaderFieldCount = context.limits.headerFieldsMax
    // What comes together with a handshake belongs to whoever takes over.
    return ByteToMessageHandler(
      HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits))
  }

  func handle(value: Value, logger: Logger) async {
    await Departure.$ofClient.withValue(value.departure) {
      await handleHTTP(asyncChannel: value.parts, logger: logger)
    }
  }

  /// The event loops are about to end.
  func stop() {
    for loop in loops.values { loop.stop() }
  }

  /// Closes what a graceful stop could not.
  func closeAll() {
    for loop in loops.values {
      loop.eventLoop.execute { loop.closeAll() }
    }
  }
}
