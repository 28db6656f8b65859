import HTTPTypes
import Hummingbird
import HummingbirdCore
import Journal
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import PluginRuntime
import Synchronization

/// The HTTP server: one port, some event loops, the SDK lane and a Hummingbird responder.
package final class HTTPServer: Sendable {
  /// Where to listen, with how many event loops, and within which bounds.
  package struct Configuration: Sendable {
    package var host: String
    /// 0 lets the system choose; `start` answers which it is.
    package var port: Int
    package var eventLoops = max(1, System.coreCount - 1)
    package var limits = HTTPLimits()
    package var intake = IntakeConfiguration()

    package init(host: String, port: Int) {
      self.host = host
      self.port = port
    }
  }

  private let configuration: Configuration
  private let lane: SDKLane
  private let server: Server<SDKLane>
  private let group: MultiThreadedEventLoopGroup
  private let started: AsyncThrowingStream<Int, any Error>
  private let starting: AsyncThrowingStream<Int, any Error>.Continuation
  private let run = Mutex<Task<Void, Never>?>(nil)

  /// Makes a server that does not listen yet.
  ///
  /// `journal` must be open until `stop` has returned. `responder` gets every request that is not
  /// for `/i` or `/i/bulk`, nor a handshake that `live` admits; intake hooks of `runtime` see those.
  /// `clock` tells milliseconds since 1970.
  init<Responder: HTTPResponder>(
    _ configuration: Configuration, journal: Journal, directory: AppDirectory, metrics: Metrics,
    clock: @escaping @Sendable () -> Int64, runtime: PluginRuntime? = nil, live: LiveDoor? = nil,
    rare: RareParts = RareParts(), responder: Responder, logger: Logger
  ) where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    self.configuration = configuration
    (started, starting) = AsyncThrowingStream.makeStream()
    group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
    let context = SDKLane.Context(
      journal: journal, directory: directory, intake: configuration.intake,
      limits: configuration.limits, metrics: metrics, clock: clock, runtime: runtime, live: live,
      rare: rare)
    let lane = SDKLane(
      context: context, group: group,
      responder: Self.respond(with: responder, rare.headers, logger: logger))
    metrics.gauge("tally_connections", help: "Connections open now") { [weak lane] in
      lane?.connections ?? 0
    }
    self.lane = lane
    server = Server(
      childChannelSetup: lane,
      configuration: .init(
        address: .hostname(configuration.host, port: configuration.port), backlog: 1024),
      onServerRunning: { [starting] channel in
        starting.yield(channel.localAddress?.port ?? 0)
      },
      eventLoopGroup: group, logger: logger)
  }

  /// Listens; answers the port. Throws when the address cannot be had.
  package func start() async throws -> Int {
    let (server, starting) = (server, starting)
    let task = Task {
      do {
        try await server.run()
        starting.finish()
      } catch {
        starting.finish(throwing: error)
      }
    }
    run.withLock { $0 = task }
    for try await port in started { return port }
    throw CancellationError()
  }

  /// Stops listening, answers what is in flight and closes. What is not done within
  /// `HTTPLimits.stopTimeout` is cut off: it was not answered, so its client sends it again.
  package func stop() async {
    let (lane, timeout) = (lane, configuration.limits.stopTimeout)
    let deadline = Task {
      guard (try? await Task.sleep(for: .nanoseconds(timeout.nanoseconds))) != nil else { return }
      lane.closeAll()
    }
    try? await server.shutdownGracefully()
    deadline.cancel()
    await run.withLock { $0 }?.value
    lane.stop()
    try? await group.shutdownGracefully()
  }

  /// Wraps a Hummingbird responder so that every answer has the headers all answers have.
  private static func respond<Responder: HTTPResponder>(
    with responder: Responder, _ headers: AnswerHeaders, logger: Logger
  ) -> HTTPChannelHandler.Responder
  where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    { request, writer, channel in
      let context = Responder.Context(
        source: ApplicationRequestContextSource(channel: channel, logger: logger))
      var response: Response
      do {
        response = try await responder.respond(to: request, context: context)
      } catch let error as HTTPParserError {
        throw error
      } catch {
        logger.error("Responder failed", metadata: ["error": "\(error)"])
        response = Response(status: .internalServerError)
      }
      add(headers.list, to: &response.headers)
      try await writer.write(response: response.head, body: response.body)
    }
  }

  private static func add(_ list: [AnswerHeader], to headers: inout HTTPFields) {
    for header in list {
      guard let name = HTTPField.Name(header.name), headers[name] == nil else { continue }
      headers[name] = header.value
    }
  }
}
