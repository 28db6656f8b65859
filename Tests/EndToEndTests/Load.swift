import Foundation
import Harness

/// Concurrent clients that behave as SDKs do: each sends one request after another and repeats it,
/// unchanged, until it is answered 200. So whatever happens to the server, in the end every request
/// has to be counted exactly once.
final class Load: @unchecked Sendable {
  private let server: TallyServer
  private let lock = NSLock()
  private var stopping = false
  private var failures: [String] = []
  private var sent: [Counts] = []
  private var threads: [DispatchSemaphore] = []
  private let firstMillisecond = Clock.unixMilliseconds - 6 * 3_600_000

  static let clients = 4
  static let devicesPerClient = 10

  /// How long one request may go unanswered before the client gives up and the test fails.
  let patience: Double

  /// What one client has been told is accepted.
  struct Counts {
    var begins = 0
    var events = 0
    var bulkEvents = 0
    var retries = 0
  }

  init(_ server: TallyServer, seed: UInt64 = 1, patience: Double = Patience.seconds) {
    self.server = server
    self.patience = patience
    for client in 0..<Self.clients {
      let ended = DispatchSemaphore(value: 0)
      sent.append(Counts())
      threads.append(ended)
      Thread.detachNewThread { [self] in
        run(client, SeededGenerator(seed: seed &+ UInt64(client) &* 1_000))
        ended.signal()
      }
    }
  }

  /// Lets every client finish the request it is sending.
  func stop() {
    lock.withLock { stopping = true }
    for thread in threads { thread.wait() }
  }

  /// Requests accepted so far.
  var accepted: Int {
    lock.withLock { sent.map { $0.begins + $0.events }.reduce(0, +) }
  }

  /// Items accepted so far, those of bulk requests included.
  var items: Int {
    lock.withLock { sent.map { $0.begins + $0.events + $0.bulkEvents }.reduce(0, +) }
  }

  private func run(_ client: Int, _ generator: SeededGenerator) {
    var random = generator
    let connection = server.connect(seconds: 5)
    var number = 0
    while !lock.withLock({ stopping }) {
      number += 1
      let kind = random.int(0...9)
      let device = "d\(client)-\(random.int(1...Self.devicesPerClient))"
      let timestamp = firstMillisecond + Int64(number * Self.clients + client)
      let text = request(kind, client: client, device: device, timestamp: timestamp)
      guard deliver(kind, text, connection, client) else { return }
      lock.withLock {
        switch kind {
        case 0...3: sent[client].begins += 1
        case 4...8: sent[client].events += 1
        default: sent[client].bulkEvents += 3
        }
      }
    }
  }

  private func request(_ kind: Int, client: Int, device: String, timestamp: Int64) -> String {
    let base = "app_key=\(server.keys.appKey)"
    let event = "[{\"key\":\"client\(client)\",\"count\":1}]"
    switch kind {
    case 0...3:
      return base + "&device_id=\(device)&timestamp=\(timestamp)&begin_session=1"
    case 4...8:
      return base + "&device_id=\(device)&timestamp=\(timestamp)&events=" + escaped(event)
    default:
      // Items of one bulk request differ in their device, so they may share a timestamp.
      let items = (0..<3).map { item in
        "{\"device_id\":\"\(device)-\(item)\",\"timestamp\":\(timestamp),\"events\":\(event)}"
      }
      return base + "&requests=" + escaped("[" + items.joined(separator: ",") + "]")
    }
  }

  private func escaped(_ json: String) -> String {
    json.replacing("[", with: "%5B").replacing("]", with: "%5D").replacing("{", with: "%7B")
      .replacing("}", with: "%7D").replacing("\"", with: "%22")
  }

  private func deliver(
    _ kind: Int, _ text: String, _ connection: HTTPConnection, _ client: Int
  ) -> Bool {
    let deadline = Clock.now + patience
    var last = ""
    while Clock.now < deadline {
      do {
        let reply = try attempt(kind, text, connection)
        if reply.status == 200 { return true }
        last = "\(reply.status) \(reply.text)"
      } catch {
        last = "\(error)"
      }
      lock.withLock { sent[client].retries += 1 }
      usleep(3_000)
    }
    lock.withLock { failures.append("client \(client) gave up on \(text): \(last)") }
    return false
  }

  private func attempt(
    _ kind: Int, _ text: String, _ connection: HTTPConnection
  ) throws(HarnessError) -> HTTPReply {
    if kind < 8 && kind % 2 == 0 { return try connection.get("/i?" + text) }
    return try connection.send(
      "POST", kind == 9 ? "/i/bulk" : "/i",
      headers: ["Content-Type: application/x-www-form-urlencoded"], body: Array(text.utf8))
  }

  /// What is wrong with the server's counts, now that `stop` was called; empty when all is well.
  func complaints() -> [String] {
    var list = failures
    do {
      try server.settle()
      let total = { (answer: JSON, name: String) in
        (answer.object ?? [:]).filter { Int($0.key) != nil }
          .compactMap { $0.value[name]?.number }.reduce(0, +)
      }
      let begins = sent.map(\.begins).reduce(0, +)
      let counted = total(try server.ask("method=users&period=30days"), "t")
      if counted != Double(begins) {
        list.append("\(begins) sessions accepted, \(counted) counted")
      }
      for client in 0..<Self.clients {
        let events = sent[client].events + sent[client].bulkEvents
        let answer = try server.ask("method=events&event=client\(client)&period=30days")
        let counted = total(answer, "c")
        if counted != Double(events) {
          list.append("client \(client): \(events) events accepted, \(counted) counted")
        }
      }
    } catch {
      list.append("\(error)")
    }
    return list
  }

  /// For the line a test prints: how much was at stake.
  var summary: String {
    let retries = sent.map(\.retries).reduce(0, +)
    return "\(accepted) requests accepted, \(retries) retries"
  }
}
