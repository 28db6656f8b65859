import NIOCore
import Testing

@testable import Host

@Suite("SDK lane conversations", .timeLimit(.minutes(2)))
struct ConversationTests {
  typealias Bench = ServerBench

  @Test("GET and POST are answered on one connection, with every header")
  func getAndPost() async throws {
    try await Bench.run { bench in
      let client = try bench.client()
      client.send(Bench.get("/i?\(Bench.ids)"))
      let reply = try client.reply()
      #expect(reply == String(buffer: Reply.Table()[Reply(content: .success, connection: .keep)]))
      client.send(Bench.post("/i", Bench.ids))
      client.send(Bench.post("/i/?\(Bench.ids)", ""))
      client.send(Bench.post("/i/bulk", #"app_key=0f1e2d3c4b5a&requests=[{"device_id":"a"}]"#))
      #expect(try client.replies(3) == Array(repeating: Bench.success, count: 3))
      #expect(bench.metrics.itemsAccepted.count == 4)
      #expect(bench.metrics.requestsAccepted.count == 4)
    }
  }

  @Test("What is accepted is in the journal when it is answered")
  func durable() async throws {
    try await Bench.run { bench in
      let client = try bench.client()
      client.send(Bench.post("/i", Bench.ids))
      #expect(try client.replies(1) == [Bench.success])
      #expect(bench.journal.durablePosition == 1)
    }
  }

  @Test("Replies keep the order of pipelined requests, whoever answers them")
  func pipelining() async throws {
    try await Bench.run { bench in
      let client = try bench.client()
      client.send(
        Bench.get("/i?\(Bench.ids)") + Bench.get("/i?app_key=x&device_id=y") + Bench.get("/o/slow")
          + Bench.post("/i", Bench.ids) + Bench.post("/o/echo", "hello")
          + Bench.get("/o/ping") + Bench.get("/i") + Bench.get("/i?\(Bench.ids)"))
      #expect(
        try client.replies(8) == [
          Bench.success, #"400 {"result":"App does not exist"}"#, "200 slow", Bench.success,
          "200 hello", "200 pong",
          #"400 {"result":"Missing parameter \"app_key\" or \"device_id\""}"#, Bench.success,
        ])
    }
  }

  @Test("A thousand pipelined requests are all answered in order")
  func deepPipelining() async throws {
    try await Bench.run { bench in
      let client = try bench.client()
      let pair = Bench.get("/i?\(Bench.ids)") + Bench.get("/i?app_key=x&device_id=y")
      client.send(String(repeating: pair, count: 500))
      let replies = try client.replies(1000)
      for (index, reply) in replies.enumerated() {
        #expect(reply.hasPrefix(index % 2 == 0 ? "200" : "400"))
      }
      #expect(bench.metrics.itemsAccepted.count == 500)
    }
  }

  @Test("A request may arrive byte by byte")
  func byteByByte() async throws {
    try await Bench.run { bench in
      let client = try bench.client()
      for byte in Bench.post("/i", "\(Bench.ids)&a=%41").utf8 {
        client.send([byte])
        bench.pause(milliseconds: 1)
      }
      #expect(try client.replies(1) == [Bench.success])
    }
  }

  @Test("A body may come in chunks")
  func chunked() async throws {
    try await Bench.run { bench in
      let client = try bench.client()
      client.send("POST /i HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
      for piece in ["app_key=0f1e2d3c4b5a", "&device_", "id=a"] {
        client.send("\(String(piece.utf8.count, radix: 16))\r\n\(piece)\r\n")
        bench.pause(milliseconds: 5)
      }
      client.send("0\r\n\r\n")
      #expect(try client.replies(1) == [Bench.success])
    }
  }

  @Test("A client that closed its side is still answered, then closed")
  func halfClosed() async throws {
    try await Bench.run { bench in
      for request in [Bench.get("/i?\(Bench.ids)"), Bench.get("/o/slow"), Bench.get("/o/ping")] {
        let client = try bench.client()
        client.send(request)
        client.endSending()
        #expect(try client.replies(1)[0].hasPrefix("200"))
        #expect(client.isClosed())
      }
    }
  }

  @Test("A client that leaves before its answer harms nobody")
  func leaves() async throws {
    try await Bench.run { bench in
      for _ in 0..<50 { try bench.client().send(Bench.get("/i?\(Bench.ids)")) }
      let client = try bench.client()
      client.send(Bench.get("/i?\(Bench.ids)"))
      #expect(try client.replies(1) == [Bench.success])
    }
  }

  @Test("A client that waits for 100 Continue gets it, in turn")
  func expectContinue() async throws {
    try await Bench.run { bench in
      let client = try bench.client()
      let body = Bench.ids
      let head = "POST /i HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n"
      client.send(Bench.get("/i?\(Bench.ids)") + head + "Expect: 100-continue\r\n\r\n")
      #expect(try client.replies(2) == [Bench.success, "100 "])
      client.send(body)
      #expect(try client.replies(1) == [Bench.success])
      client.send(
        "POST /o/echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
      #expect(try client.replies(1) == ["100 "])
      client.send("hi")
      #expect(try client.replies(1) == ["200 hi"])
    }
  }

  @Test("Methods other than GET, POST and OPTIONS are refused, and the connection goes on")
  func methods() async throws {
    try await Bench.run { bench in
      let client = try bench.client()
      client.send(Bench.request("PUT", "/i?\(Bench.ids)", [], body: "x=1"))
      client.send(Bench.request("DELETE", "/i/bulk", [], body: nil))
      let refusal = #"405 {"result":"Method not allowed"}"#
      #expect(try client.replies(2) == [refusal, refusal])
      client.send(Bench.request("OPTIONS", "/i", [], body: nil))
      let preflight = try client.reply()
      #expect(preflight.hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(preflight.contains("Access-Control-Allow-Methods: POST, GET, OPTIONS\r\n"))
      #expect(preflight.contains("Access-Control-Allow-Headers: countly-token, Content-Type\r\n"))
      #expect(preflight.hasSuffix("\r\n\r\n"))
      client.send(Bench.request("HEAD", "/i", ["Connection: close"], body: nil))
      let head = client.rest()
      #expect(head.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n") && head.hasSuffix("\r\n\r\n"))
    }
  }

  @Test("Connection: close and HTTP/1.0 end the connection, keep-alive in HTTP/1.0 does not")
  func connectionHeaders() async throws {
    try await Bench.run { bench in
      for request in [
        Bench.get("/i?\(Bench.ids)", "Connection: close"),
        "GET /i?\(Bench.ids) HTTP/1.0\r\n\r\n", Bench.get("/i", "Connection: close"),
        Bench.get("/i?\(Bench.ids)", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"),
        Bench.get("/i?\(Bench.ids)", "Proxy-Connection: close"),
      ] {
        let client = try bench.client()
        client.send(request)
        #expect(try client.reply().contains("\r\nConnection: close\r\n"))
        #expect(client.isClosed())
      }
      let passed = try bench.client()
      passed.send(Bench.get("/o/ping", "Proxy-Connection: close"))
      #expect(try passed.replies(1) == ["200 pong"])
      #expect(passed.isClosed())
      let client = try bench.client()
      let request = "GET /i?\(Bench.ids) HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
      client.send(request)
      #expect(try client.reply().contains("\r\nConnection: keep-alive\r\n"))
      client.send(request)
      #expect(try client.replies(1) == [Bench.success])
    }
  }

  @Test("Answers from behind the lane have the headers all answers have")
  func passedHeaders() async throws {
    try await Bench.run { bench in
      let client = try bench.client()
      client.send(Bench.get("/o/ping") + Bench.get("/nowhere") + Bench.get("/info"))
      for status in ["200", "404", "404"] {
        let reply = try client.reply().lowercased()
        #expect(reply.hasPrefix("http/1.1 \(status)"))
        #expect(reply.contains("\r\naccess-control-allow-origin: *\r\n"))
      }
    }
  }

  @Test("A multipart form may come in pieces; other bodies in parts are refused")
  func multipart() async throws {
    try await Bench.run { bench in
      let client = try bench.client()
      let form = "Content-Type: multipart/form-data; boundary=----x9"
      let body = MultipartTests.body(MultipartTests.ids)
      let request = Bench.post("/i", body, form)
      for part in [request.prefix(90), request.dropFirst(90).prefix(100), request.dropFirst(190)] {
        client.send(String(part))
        bench.pause(milliseconds: 5)
      }
      client.send(Bench.post("/i", "--x--", "Content-Type: multipart/mixed; boundary=x"))
      client.send(Bench.post("/i", "--x--", form))
      client.send(
        Bench.post(
          "/i", #"{"app_key":"0f1e2d3c4b5a","device_id":"a"}"#, "Content-Type: application/json"))
      #expect(
        try client.replies(4) == [
          Bench.success, #"415 {"result":"Content type is not supported"}"#,
          #"400 {"result":"Request body is not a multipart form"}"#, Bench.success,
        ])
    }
  }
}
