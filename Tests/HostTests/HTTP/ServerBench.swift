import Foundation
import Hummingbird
import Journal
import Logging
import NIOCore

@testable import Host

/// A real server with a real journal in a folder of its own.
final class ServerBench: Sendable {
  static let success = #"200 {"result":"Success"}"#
  static let ids = "app_key=0f1e2d3c4b5a&device_id=device-42"

  let port: Int
  let metrics = Metrics()
  let server: HTTPServer
  let journal: Journal
  private let directory: String
  /// Holds the answer of `/o/held` until the test opens it.
  let gate = Gate()

  private init(
    limits: HTTPLimits, loops: Int, rare: RareParts,
    journalSettings: (inout JournalConfiguration) -> Void
  ) async throws {
    directory = NSTemporaryDirectory() + "tally-host-\(UUID().uuidString)"
    var settings = JournalConfiguration(directory: directory, segmentBytes: 8 << 20)
    journalSettings(&settings)
    journal = try Journal.open(settings, storePosition: 0)
    var configuration = HTTPServer.Configuration(host: "127.0.0.1", port: 0)
    configuration.limits = limits
    configuration.eventLoops = loops
    let router = Router()
    router.get("/o/ping") { _, _ in "pong" }
    router.get("/o/slow") { _, _ in
      try await Task.sleep(for: .milliseconds(200))
      return "slow"
    }
    router.get("/o/held") { [gate] _, _ in
      gate.arrived.signal()
      for await _ in gate.opened {}
      return "held"
    }
    router.post("/o/echo") { request, _ in
      try await request.body.collect(upTo: 1 << 20)
    }
    server = HTTPServer(
      configuration, journal: journal,
      directory: AppDirectory([
        IntakeBench.app(), IntakeBench.app(number: 2, key: "p", paused: true),
      ]),
      metrics: metrics, clock: { 1_717_243_200_999 }, rare: rare,
      responder: router.buildResponder(),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    port = try await server.start()
  }

  /// Runs a conversation with a server and stops it, whatever happened.
  static func run(
    _ limits: HTTPLimits = HTTPLimits(), loops: Int = 1, rare: RareParts = RareParts(),
    journal journalSettings: (inout JournalConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (ServerBench) throws -> Void
  ) async throws {
    let bench = try await ServerBench(
      limits: limits, loops: loops, rare: rare, journalSettings: journalSettings)
    let result = await onThread { try body(bench) }
    await bench.server.stop()
    bench.journal.close()
    try FileManager.default.removeItem(atPath: bench.directory)
    try result.get()
  }

  /// Clients block, so a conversation has a thread of its own and leaves the others to the server.
  private static func onThread(
    _ body: @escaping @Sendable () throws -> Void
  ) async -> Result<Void, any Error> {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: Result { try body() }) }
    }
  }

  /// Stops the server while the conversation goes on.
  func beginStop() -> Stop {
    let stop = Stop()
    Task {
      await server.stop()
      stop.semaphore.signal()
    }
    return stop
  }

  /// A stop that is under way.
  struct Stop: Sendable {
    fileprivate let semaphore = DispatchSemaphore(value: 0)

    func wait() { semaphore.wait() }

    /// Whether it is over within so many seconds.
    func wait(seconds: Double) -> Bool { semaphore.wait(timeout: .now() + seconds) == .success }
  }

  /// Where an answer waits for the test.
  struct Gate: Sendable {
    fileprivate let opened: AsyncStream<Void>
    private let opening: AsyncStream<Void>.Continuation
    fileprivate let arrived = DispatchSemaphore(value: 0)

    fileprivate init() { (opened, opening) = AsyncStream.makeStream() }

    /// Returns when an answer waits.
    func waitForArrival() { arrived.wait() }

    func open() { opening.finish() }
  }

  func pause(milliseconds: UInt32) { usleep(milliseconds * 1000) }

  func client() throws -> RawClient { try RawClient(port: port) }

  static func get(_ target: String, _ headers: String...) -> String {
    request("GET", target, headers, body: nil)
  }

  static func post(_ target: String, _ body: String, _ headers: String...) -> String {
    request("POST", target, headers, body: body)
  }

  static func request(
    _ method: String, _ target: String, _ headers: [String], body: String?
  ) -> String {
    let all = ["Host: x"] + headers + (body.map { ["Content-Length: \($0.utf8.count)"] } ?? [])
    return "\(method) \(target) HTTP/1.1\r\n"
      + all.map { "\($0)\r\n" }.joined() + "\r\n" + (body ?? "")
  }
}
