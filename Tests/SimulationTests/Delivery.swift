import Foundation
import Harness

/// Sends a stream to a server as SDKs do: one request after another, each until it is answered 200,
/// sometimes once more although it was, sometimes in bulk; and meanwhile the server is restarted.
final class Delivery {
  private let server: TallyServer
  private var random: SeededGenerator
  private var connection: HTTPConnection
  private var recent: [Request] = []
  private var doomed: Subprocess?
  private(set) var restarts = 0

  private struct Request {
    let method: String
    let path: String
    let text: String
    let isForm: Bool
  }

  static let recentMax = 6

  init(server: TallyServer, seed: UInt64) {
    self.server = server
    random = SeededGenerator(seed: seed ^ 0xDE11)
    connection = server.connect()
  }

  func send(_ items: [Item]) throws {
    var at = 0
    while at < items.count {
      if random.chance(1) { try restart() }
      let count = random.chance(15) ? min(random.int(2...12), items.count - at) : 1
      let request = count == 1 ? single(items[at]) : bulk(items[at..<at + count])
      if random.chance(1) { killSoon() }
      try send(request)
      recent = (recent + [request]).suffix(Self.recentMax)
      if random.chance(10) { try send(random.pick(recent)) }
      at += count
    }
    awaitKill()
    if server.process?.poll() != nil { try server.start() }
  }

  private func single(_ item: Item) -> Request {
    let text = item.form(appKey: server.keys.appKey, attempt: 0)
    return Request(method: item.post ? "POST" : "GET", path: "/i", text: text, isForm: true)
  }

  private func bulk(_ items: ArraySlice<Item>) -> Request {
    let list = "[" + items.map(\.bulkJSON).joined(separator: ",") + "]"
    let text = "app_key=\(server.keys.appKey)&requests=" + percentEncoded(list)
    return Request(method: "POST", path: "/i/bulk", text: text, isForm: false)
  }

  private func send(_ request: Request) throws {
    var failures: [String] = []
    var left = Patience.Countdown(Patience.seconds)
    for attempt in 0... {
      if left.isOver { break }
      do {
        let reply = try exchange(request, attempt)
        if reply.status == 200 { return }
        failures.append("\(reply.status) \(reply.text)")
      } catch {
        failures.append("\(error)")
        if server.process?.poll() != nil {
          restarts += 1
          try server.start()
        }
        usleep(2_000)
      }
    }
    throw HarnessError(
      "\(request.method) \(request.path)?\(request.text): \(failures.suffix(3))")
  }

  private func exchange(_ request: Request, _ attempt: Int) throws -> HTTPReply {
    let text =
      request.isForm ? request.text.replacing("&rr=0", with: "&rr=\(attempt)") : request.text
    if request.method == "GET" { return try connection.get(request.path + "?" + text) }
    return try connection.send(
      "POST", request.path, headers: ["Content-Type: application/x-www-form-urlencoded"],
      body: Array(text.utf8))
  }

  /// Kills the server while the next requests are under way.
  private func killSoon() {
    guard let process = server.process else { return }
    let delay = UInt32(random.int(0...5_000))
    doomed = process
    Thread.detachNewThread {
      usleep(delay)
      process.send(SIGKILL)
    }
  }

  private func awaitKill() {
    _ = doomed?.wait(seconds: 10)
    doomed = nil
  }

  private func restart() throws {
    awaitKill()
    restarts += 1
    if random.chance(50) {
      server.kill()
    } else if server.process?.poll() == nil, let status = server.terminate(), status != .code(0) {
      throw HarnessError("SIGTERM ended the server with \(status): \(server.log)")
    }
    connection = server.connect()
    try server.start()
  }
}
