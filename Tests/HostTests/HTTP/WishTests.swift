import NIOCore
import Testing

@testable import Host

@Suite("Answers behind the commit, and as scripts", .timeLimit(.minutes(2)))
struct WishTests {
  typealias Bench = ServerBench

  private static func gate() -> CommitGate {
    CommitGate(committed: 0, waitMax: .milliseconds(1), wake: {})
  }

  @Test("A safe request is answered behind its commit, and holds up nobody else")
  func safe() async throws {
    let gate = Self.gate()
    try await Bench.run(rare: RareParts(commits: gate)) { bench in
      let (safe, other) = (try bench.client(), try bench.client())
      safe.send(Bench.get("/i?\(Bench.ids)&safe_api_response=true"))
      while gate.listening == 0 { bench.pause(milliseconds: 1) }
      #expect(bench.journal.durablePosition == 1)
      other.send(Bench.get("/i?\(Bench.ids)"))
      #expect(try other.replies(1) == [Bench.success])
      #expect(bench.metrics.requestsAccepted.count == 1)
      gate.advance(to: 1)
      #expect(try safe.replies(1) == [Bench.success])
      #expect(gate.listening == 0)
      // What is committed by the time it is durable waits for nothing.
      gate.advance(to: 9)
      safe.send(Bench.post("/i/bulk", Self.bulk))
      #expect(try safe.replies(1) == [Bench.success])
    }
  }

  private static let bulk =
    #"app_key=0f1e2d3c4b5a&safe_api_response=1&requests=[{"device_id":"a"},{"device_id":"b"}]"#

  @Test("A safe request without a commit in time is answered 400, in its turn, and waits no more")
  func late() async throws {
    var limits = HTTPLimits()
    limits.commitTimeout = .milliseconds(100)
    let gate = Self.gate()
    try await Bench.run(limits, rare: RareParts(commits: gate)) { bench in
      let client = try bench.client()
      client.send(
        Bench.get("/i?\(Bench.ids)&safe_api_response=true") + Bench.get("/i?\(Bench.ids)"))
      #expect(
        try client.replies(2) == [#"400 {"result":"Could not ingest data"}"#, Bench.success])
      #expect(bench.metrics.refused(.notIngested) == 1)
      #expect(gate.listening == 0)
      // Too late for an answer, it is kept all the same, and the next is answered once.
      gate.advance(to: 2)
      client.send(Bench.get("/i?\(Bench.ids)&safe_api_response=1"))
      while gate.listening == 0 { bench.pause(milliseconds: 1) }
      gate.advance(to: 3)
      #expect(try client.replies(1) == [Bench.success])
    }
  }

  @Test("What is refused is told at once, safe or not", arguments: ["0", "false", ""])
  func unsafe(_ value: String) async throws {
    let gate = Self.gate()
    try await Bench.run(rare: RareParts(commits: gate)) { bench in
      let client = try bench.client()
      client.send(Bench.get("/i?app_key=x&device_id=y&safe_api_response=true"))
      client.send(Bench.get("/i?\(Bench.ids)&safe_api_response=\(value)"))
      #expect(
        try client.replies(2) == [#"400 {"result":"App does not exist"}"#, Bench.success])
    }
  }

  @Test("An answer as a script is declared one and nothing else is guessed")
  func script() async throws {
    try await Bench.run { bench in
      let client = try bench.client()
      client.send(Bench.get("/i?\(Bench.ids)&callback=lib.on_1.$2"))
      let reply = try client.reply()
      #expect(reply.hasSuffix("\r\n\r\nlib.on_1.$2({\"result\":\"Success\"})"))
      #expect(reply.contains("\r\nContent-Type: text/javascript; charset=utf-8\r\n"))
      #expect(reply.contains("\r\nX-Content-Type-Options: nosniff\r\n"))
      #expect(reply.contains("\r\nAccess-Control-Allow-Origin: *\r\n"))
      #expect(!reply.contains("application/json"))
    }
  }

  @Test("Scripts, plain answers and refusals keep the order of their requests")
  func order() async throws {
    try await Bench.run { bench in
      let client = try bench.client()
      client.send(
        Bench.get("/i?\(Bench.ids)&callback=a") + Bench.get("/i?\(Bench.ids)")
          + Bench.get("/i?app_key=x&device_id=y&callback=b") + Bench.post("/i", Self.bulk)
          + Bench.post("/i", "\(Bench.ids)&callback=c", "Connection: close"))
      #expect(
        try client.replies(5) == [
          #"200 a({"result":"Success"})"#, Bench.success,
          #"400 b({"result":"App does not exist"})"#,
          #"400 {"result":"Missing parameter \"app_key\" or \"device_id\""}"#,
          #"200 c({"result":"Success"})"#,
        ])
      #expect(client.isClosed())
    }
  }

  @Test(
    "What is no name of a function changes no answer",
    arguments: [
      "", ".", "a.", ".a", "a..b", "1a", "a-b", "a(b", "alert(1)//", "a%3Cb", "a%0Ab", "%C3%A4",
      "a[0]", String(repeating: "a", count: CallbackName.bytesMax + 1),
    ])
  func noName(_ callback: String) async throws {
    try await Bench.run { bench in
      let client = try bench.client()
      client.send(Bench.get("/i?\(Bench.ids)&callback=\(callback)"))
      let reply = try client.reply()
      #expect(RawClient.summary(reply) == Bench.success)
      #expect(reply.contains("\r\nContent-Type: application/json; charset=utf-8\r\n"))
    }
  }
}
