// The yardstick: SwiftNIO with one event loop that answers every request with the bytes of Tally's
// `/i` success and does nothing else. Usage: bare-nio PORT

import NIOCore
import NIOHTTP1
import NIOPosix

/// Answers when a request has ended; the reply goes past the encoder, as Tally's does.
final class Answering: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  static let body = #"{"result":"Success"}"#
  private let reply: ByteBuffer
  private var encoder: ChannelHandlerContext?

  init(reply: ByteBuffer) {
    self.reply = reply
  }

  func handlerAdded(context: ChannelHandlerContext) {
    encoder = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    encoder = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .end = unwrapInboundIn(data) else { return }
    encoder?.write(NIOAny(reply), promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    encoder?.flush()
    context.fireChannelReadComplete()
  }
}

let reply = ByteBuffer(
  string: [
    "HTTP/1.1 200 OK",
    "Content-Type: application/json; charset=utf-8",
    "X-Frame-Options: deny",
    "X-XSS-Protection: 1; mode=block",
    "Access-Control-Allow-Origin: *",
    "Content-Length: \(Answering.body.utf8.count)",
    "",
    Answering.body,
  ].joined(separator: "\r\n"))

guard let port = CommandLine.arguments.dropFirst().first.flatMap(Int.init) else {
  preconditionFailure("usage: bare-nio PORT")
}
let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let server = try await ServerBootstrap(group: group)
  .serverChannelOption(.backlog, value: 1024)
  .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
  .childChannelInitializer { channel in
    channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      try pipeline.configureHTTPServerPipeline(
        withPipeliningAssistance: false, withErrorHandling: false,
        withOutboundHeaderValidation: false)
      try pipeline.addHandler(Answering(reply: reply))
    }
  }
  .bind(host: "127.0.0.1", port: port)
  .get()
try await server.closeFuture.get()
