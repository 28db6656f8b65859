import Journal
import NIOCore
import Testing

@testable import Host

@Suite("Bounds of the HTTP side", .timeLimit(.minutes(2)))
struct BoundsTests {
  typealias Bench = ServerBench

  private func limits(_ change: (inout HTTPLimits) -> Void) -> HTTPLimits {
    var limits = HTTPLimits()
    change(&limits)
    return limits
  }

  @Test("A body that is announced too large is refused before it is sent")
  func announcedTooLarge() async throws {
    try await Bench.run(limits { $0.bodyBytesMax = 1000 }) { bench in
      for expectation in ["", "Expect: 100-continue\r\n"] {
        let client = try bench.client()
        client.send("POST /i HTTP/1.1\r\nHost: x\r\n\(expectation)Content-Length: 1001\r\n\r\n")
        #expect(try client.replies(1) == [#"413 {"result":"Request body is too large"}"#])
        #expect(client.isClosed())
      }
      #expect(bench.metrics.refused(.bodyTooLarge) == 2)
    }
  }

  @Test("A body that grows too large is refused, and its sender can read why")
  func growsTooLarge() async throws {
    try await Bench.run(limits { $0.bodyBytesMax = 1 << 20 }) { bench in
      let client = try bench.client()
      client.send("POST /i HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
      let piece = "10000\r\n" + String(repeating: "a", count: 65536) + "\r\n"
      for _ in 0..<40 { client.send(piece) }
      #expect(try client.replies(1) == [#"413 {"result":"Request body is too large"}"#])
    }
  }

  @Test("A body of the largest size is accepted")
  func largestBody() async throws {
    try await Bench.run(limits { $0.bodyBytesMax = 2 << 20 }) { bench in
      let client = try bench.client()
      let padding = String(repeating: "a", count: (2 << 20) - Bench.ids.utf8.count - 3)
      client.send(Bench.post("/i", "\(Bench.ids)&p=\(padding)"))
      #expect(try client.replies(1) == [Bench.success])
    }
  }

  @Test("Bodies that would need more memory than there is are refused")
  func bodyMemory() async throws {
    let tight = limits {
      $0.bodyBytesMax = 1 << 20
      $0.bodyMemoryBytesMax = 1 << 20
    }
    try await Bench.run(tight) { bench in
      let first = try bench.client()
      first.send("POST /i HTTP/1.1\r\nHost: x\r\nContent-Length: 700000\r\n\r\nx")
      bench.pause(milliseconds: 100)
      let second = try bench.client()
      second.send("POST /i HTTP/1.1\r\nHost: x\r\nContent-Length: 700000\r\n\r\n")
      let reply = try second.reply()
      #expect(reply.hasPrefix("HTTP/1.1 503 ") && reply.contains("\r\nRetry-After: 1\r\n"))
      first.send(Bench.ids)
      _ = first
    }
  }

  @Test("Headers and targets beyond their bound are refused")
  func headers() async throws {
    try await Bench.run(limits { $0.headerBytesMax = 4096 }) { bench in
      let long = String(repeating: "a", count: 5000)
      for request in [Bench.get("/i", "X-Long: \(long)"), Bench.get("/i?\(long)")] {
        let client = try bench.client()
        client.send(request)
        #expect(try client.replies(1) == [#"431 {"result":"Request header is too large"}"#])
        #expect(client.isClosed())
      }
    }
  }

  @Test("What is not HTTP is refused behind the answers before it")
  func notHTTP() async throws {
    try await Bench.run { bench in
      for request in [Bench.get("/i?\(Bench.ids)"), Bench.get("/o/slow")] {
        let client = try bench.client()
        // More of it comes while the first answers wait.
        client.send(request + String(repeating: "nonsense\r\n\r\n", count: 2_000))
        let replies = try client.replies(2)
        #expect(replies[0].hasPrefix("200"))
        #expect(replies[1] == #"400 {"result":"Malformed request"}"#)
        #expect(client.isClosed())
      }
    }
  }

  @Test("Connections beyond their number are closed at once, and there is room again later")
  func connections() async throws {
    try await Bench.run(limits { $0.connectionsMax = 2 }) { bench in
      do {
        let clients = [try bench.client(), try bench.client()]
        for client in clients {
          client.send(Bench.get("/i?\(Bench.ids)"))
          #expect(try client.replies(1) == [Bench.success])
        }
        #expect(try bench.client().rest().hasPrefix("HTTP/1.1 503 "))
        #expect(bench.metrics.refused(.connectionLimit) == 1)
      }
      bench.pause(milliseconds: 200)
      let client = try bench.client()
      client.send(Bench.get("/i?\(Bench.ids)"))
      #expect(try client.replies(1) == [Bench.success])
    }
  }

  @Test("A request that arrives too slowly is refused, wherever it stops")
  func slowRequests() async throws {
    let quick = limits {
      $0.requestTimeout = .seconds(1)
      $0.idleTimeout = .seconds(30)
    }
    try await Bench.run(quick) { bench in
      let head = try bench.client()
      let body = try bench.client()
      head.send("GET /i?")
      body.send("POST /i HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\na")
      for client in [head, body] {
        #expect(
          try client.replies(1) == [#"408 {"result":"Request took too long to arrive"}"#])
      }
    }
  }

  @Test("A silent connection is closed")
  func idle() async throws {
    try await Bench.run(limits { $0.idleTimeout = .seconds(1) }) { bench in
      let silent = try bench.client()
      let client = try bench.client()
      client.send(Bench.get("/i?\(Bench.ids)"))
      #expect(try client.replies(1) == [Bench.success])
      #expect(silent.isClosed())
      #expect(client.isClosed())
      #expect(bench.metrics.connectionsIdle.count == 2)
    }
  }

  @Test("A stop answers what has begun, closes the rest and returns")
  func stopping() async throws {
    // Far beyond what a stop may take: one that waits for its end would not be over.
    try await Bench.run(limits { $0.stopTimeout = .seconds(600) }) { bench in
      let (idle, held, half) = (try bench.client(), try bench.client(), try bench.client())
      held.send(Bench.get("/o/held"))
      bench.gate.waitForArrival()
      half.send("POST /i HTTP/1.1\r\nHost: x\r\nContent-Length: \(Bench.ids.utf8.count)\r\n\r\n")
      bench.pause(milliseconds: 50)
      let stop = bench.beginStop()
      #expect(idle.isClosed())
      half.send(Bench.ids)
      let reply = try half.reply()
      #expect(reply.hasPrefix("HTTP/1.1 200") && reply.contains("Connection: close"))
      #expect(throws: RawClient.Failure.self) { try bench.client() }
      bench.gate.open()
      #expect(try held.replies(1) == ["200 held"])
      #expect(stop.wait(seconds: 5))
    }
  }

  @Test("A stop ends although a client never finishes its request")
  func stoppingUnfinished() async throws {
    try await Bench.run(limits { $0.stopTimeout = .milliseconds(300) }) { bench in
      let client = try bench.client()
      client.send("POST /i HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
      bench.pause(milliseconds: 50)
      bench.beginStop().wait()
      #expect(client.isClosed())
    }
  }
}

@Suite("A journal that does not take requests", .timeLimit(.minutes(2)))
struct JournalRefusalTests {
  typealias Bench = ServerBench

  @Test("Too little disk, a full queue and an entry too long are answered and counted")
  func refusals() async throws {
    let cases: [(Refusal, String, @Sendable (inout JournalConfiguration) -> Void)] = [
      (.diskReserve, "HTTP/1.1 503 ", { $0.diskReserveBytes = .max }),
      (.journalFull, "HTTP/1.1 503 ", { $0.queueBytesMax = 1 }),
      (.bodyTooLarge, "HTTP/1.1 413 ", { $0.entryBytesMax = 10 }),
    ]
    for (refusal, status, settings) in cases {
      try await Bench.run(journal: settings) { bench in
        let client = try bench.client()
        client.send(Bench.get("/i?\(Bench.ids)") + Bench.get("/i"))
        let replies = [try client.reply(), try client.reply()]
        #expect(replies[0].hasPrefix(status), "\(refusal)")
        #expect(replies[0].contains("Retry-After: ") == status.contains("503"))
        #expect(replies[1].hasPrefix("HTTP/1.1 400 "))
        #expect(bench.metrics.refused(refusal) == 1)
        #expect(bench.metrics.itemsAccepted.count == 0)
      }
    }
  }

  @Test("Under the disk reserve a large body is refused before it is sent")
  func beforeTheBody() async throws {
    try await Bench.run(journal: { $0.diskReserveBytes = .max }) { bench in
      let client = try bench.client()
      client.send("POST /i HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
      #expect(try client.reply().hasPrefix("HTTP/1.1 503 "))
      #expect(client.isClosed())
    }
  }
}
