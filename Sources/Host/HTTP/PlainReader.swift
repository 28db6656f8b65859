import NIOCore

/// Sees the bytes of a connection before the decoder does. A whole SDK request that is plain goes to
/// the lane as it stands, which saves the decoder's work for the common case; every other byte goes
/// on to the decoder, in order.
///
/// Past requests that are plain, but not the lane's or not yet whole, it knows how far it may look
/// on. Behind the first that is not plain it cannot know, and the decoder keeps the connection.
final class PlainReader: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let lane: SDKLaneHandler
  /// Bytes that belong to a request of the decoder's.
  private var owed = 0
  private var isOver = false

  init(lane: SDKLaneHandler) {
    self.lane = lane
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if isOver { return context.fireChannelRead(data) }
    var bytes = unwrapInboundIn(data)
    while bytes.readableBytes > 0 {
      if owed == 0 { take(&bytes) }
      let count = isOver ? bytes.readableBytes : min(owed, bytes.readableBytes)
      guard count > 0, let part = bytes.readSlice(length: count) else { continue }
      owed -= isOver ? 0 : count
      context.fireChannelRead(wrapInboundOut(part))
    }
  }

  /// Takes the request that `bytes` begin with, or says whose it is.
  private func take(_ bytes: inout ByteBuffer) {
    let taken = bytes.withUnsafeReadableBytes { text in
      guard let request = PlainRequest(text, limits: lane.loop.limits) else {
        isOver = true
        return 0
      }
      if request.bytes <= text.count, lane.take(request, in: text) { return request.bytes }
      owed = request.bytes
      return 0
    }
    bytes.moveReaderIndex(forwardBy: taken)
  }
}
