import Foundation
import Harness
import Testing

extension EndToEnd {
  @Suite(.serialized) struct CommandTests {
    static let rounds = 12

    @Test("Commands and records survive kill -9 exactly once")
    func kills() throws {
      let folder = try Files.temporaryFolder()
      defer { Files.remove(folder) }
      let library = try Fixture.compile("till", in: folder)
      let server = try TallyServer(
        config: "host:\n  limits: { journal_segment_bytes: 1048576, read_wait_ms: 5000 }\n"
          + "plugins:\n  till: { enabled: true, path: \(library) }\n")
      try server.start()
      var random = SeededGenerator(seed: 11)
      let clients = (0..<3).map { TillClient(server, number: $0) }
      for _ in 0..<Self.rounds {
        usleep(UInt32(random.int(50_000...400_000)))
        server.kill()
        try server.start()
      }
      clients.forEach { $0.stop() }
      try server.settle()
      try check(server, clients)
    }

    private func check(_ server: TallyServer, _ clients: [TillClient]) throws {
      let base = "/o?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)&method="
      let text = try server.connect(seconds: 30).get(base + "till").text
      var counted: [String: Int] = [:]
      for line in text.split(separator: "\n") {
        let parts = line.split(separator: "=")
        counted[String(parts[0])] = Int(parts[1])
      }
      #expect(counted.values.allSatisfy { $0 == 1 }, "a command was applied twice")
      let done = clients.flatMap(\.done)
      #expect(done.filter { counted[$0] == nil } == [], "an answered command is lost")
      #expect(done.count > Self.rounds)
      #expect(try events(server, "added", of: counted.count) == counted.count)
      let slips = clients.reduce(0) { $0 + $1.slips }
      #expect(try events(server, "slip", of: slips) == slips)
    }

    /// How often an event was counted, once it is `all`: records go a way of their own.
    private func events(_ server: TallyServer, _ key: String, of all: Int) throws -> Int {
      var counted = 0
      _ = try Patience.wait {
        let answer = try server.ask("method=events&event=\(key)&period=30days")
        counted = Int(
          (answer.object ?? [:]).filter { Int($0.key) != nil }
            .compactMap { $0.value["c"]?.number }.reduce(0, +))
        return counted >= all
      }
      return counted
    }
  }
}

/// Sends commands, each once, and items, each until it is accepted.
private final class TillClient: @unchecked Sendable {
  private let lock = NSLock()
  private var isStopping = false
  private let ended = DispatchSemaphore(value: 0)
  /// Keys whose command was answered.
  private(set) var done: [String] = []
  /// Items that were accepted.
  private(set) var slips = 0

  init(_ server: TallyServer, number: Int) {
    Thread.detachNewThread { [self] in
      let connection = server.connect(seconds: 5)
      var count = 0
      while !lock.withLock({ isStopping }) {
        count += 1
        command(server, connection, key: "k\(number)-\(count)")
        item(server, connection, number: number, count: count)
      }
      ended.signal()
    }
  }

  func stop() {
    lock.withLock { isStopping = true }
    ended.wait()
  }

  private func command(_ server: TallyServer, _ connection: HTTPConnection, key: String) {
    let target =
      "/o?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)&method=till&add=\(key)"
    guard let reply = try? connection.get(target), reply.status == 200, reply.text == "done" else {
      usleep(10_000)
      return
    }
    done.append(key)
  }

  private func item(
    _ server: TallyServer, _ connection: HTTPConnection, number: Int, count: Int
  ) {
    let moment = Clock.unixMilliseconds - 3_600_000 + Int64(count)
    let target =
      "/i?app_key=\(server.keys.appKey)&device_id=d\(number)&timestamp=\(moment)&till=\(count)"
    for _ in 0..<3_000 {
      if let reply = try? connection.get(target), reply.status == 200 {
        slips += 1
        return
      }
      usleep(10_000)
    }
  }
}
