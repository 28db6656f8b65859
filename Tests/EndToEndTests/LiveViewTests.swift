import Foundation
import Harness
import Testing

extension EndToEnd {
  @Suite(.serialized) struct LiveViewTests {
    /// A session, an event and a view of each device, sent now.
    private func send(_ server: TallyServer, devices: Int, country: String = "DE") throws {
      let events =
        #"[{"key":"buy","count":2},{"key":"[CLY]_view","segmentation":{"name":"home","visit":1}}]"#
      for device in 0..<devices {
        let reply = try server.connect().send(
          "POST", "/i", headers: ["Content-Type: application/x-www-form-urlencoded"],
          body: Array(
            "app_key=\(server.keys.appKey)&device_id=\(country)\(device)&begin_session=1&country_code=\(country)&events=\(events)"
              .utf8))
        #expect(reply.status == 200)
      }
    }

    private func target(_ server: TallyServer, _ path: String = "/live") -> String {
      "\(path)?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)"
    }

    private func look(_ server: TallyServer) throws -> JSON {
      let reply = try server.connect(seconds: 30).get(target(server, "/o/live"))
      #expect(reply.status == 200, "\(reply.text)")
      return try JSON(reply.text)
    }

    /// Everything but what the clock says.
    private func numbers(_ message: JSON) -> [String: JSON] {
      var members = (message.object ?? [:]).filter {
        !["time_ms", "since_ms", "windows", "minutes"].contains($0.key)
      }
      for list in ["windows", "minutes"] {
        let events = (message[list]?.array ?? []).compactMap { $0["events"]?.number }.reduce(0, +)
        members[list] = .number(events)
      }
      return members
    }

    @Test("The last half hour is told as it was committed, also after kill -9")
    func restored() throws {
      let server = try TallyServer()
      try server.start()
      try send(server, devices: 3)
      try send(server, devices: 2, country: "TR")
      try server.settle()
      let need = try JSON(
        """
        {"app_id":"\(server.keys.appID)","online":5,"users":5,"new_users":5,"sessions":5,
         "events":10,"views":5,"users_limited":false,"minutes":10,"windows":10,
         "top_views":[{"name":"home","count":5}],
         "top_countries":[{"name":"DE","count":3},{"name":"TR","count":2}]}
        """)
      let have = JSON.object(numbers(try look(server)))
      #expect(JSON.differences(have: have, need: need) == [])
      server.kill()
      try server.start()
      let again = JSON.object(numbers(try look(server)))
      #expect(JSON.differences(have: again, need: need) == [])
    }

    @Test("While nobody looks nothing follows; a look makes it follow")
    func idle() throws {
      let server = try TallyServer()
      try server.start()
      try send(server, devices: 1)
      try server.settle()
      let process = try #require(server.process)
      func threads() -> [String] {
        let tasks = "/proc/\(process.pid)/task"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
        return names.compactMap {
          try? String(contentsOfFile: "\(tasks)/\($0)/comm", encoding: .utf8)
        }
      }
      #expect(!threads().contains("live\n"))
      _ = try look(server)
      #expect(threads().contains("live\n"))
    }

    @Test("A message comes within a second of the commit")
    func prompt() throws {
      let server = try TallyServer()
      try server.start()
      let socket = try WebSocket(port: server.port, target: target(server))
      #expect(try socket.open(), "\(socket.answer)")
      #expect(socket.answer.contains(WebSocket.accept))
      #expect(try socket.message()["events"] == .number(0))
      var times: [Double] = []
      for round in 1...5 {
        let began = Clock.now
        try send(server, devices: 1)
        while try socket.message()["events"] != .number(Double(round * 2)) {}
        times.append(Clock.now - began)
      }
      // From the request on, which is committed within a second.
      #expect(times.sorted()[2] < 2, "\(times)")
    }

    @Test("Handshakes succeed late and with a frame behind them; refused ones are answered")
    func handshakes() throws {
      let server = try TallyServer()
      try server.start()
      let ping = Array("GET /o/ping HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
      let late = try WebSocket(
        port: server.port, target: target(server), before: ping,
        more: WebSocket.frame(9, Array("hello".utf8)))
      #expect(try !late.open())
      _ = try late.take(#"{"result":"Success"}"#.utf8.count)
      #expect(try late.open(), "\(late.answer)")
      var found = false
      while !found { found = try late.next() == .pong(Array("hello".utf8)) }
      late.send(WebSocket.frame(8, [3, 232]))
      #expect(throws: Never.self) { while try late.next() != .close(code: 1_000, reason: "") {} }
      for (path, headers, status) in [
        ("/live?app_id=\(server.keys.appID)", WebSocket.handshake, "400"),
        (target(server) + "x", WebSocket.handshake, "400"),
        ("/live?api_key=x&app_id=\(server.keys.appID)", WebSocket.handshake, "401"),
        (target(server), Array(WebSocket.handshake.dropLast()), "426"),
        (target(server), ["Upgrade: h2c", "Connection: Upgrade"], "426"),
        (target(server, "/o/ping"), WebSocket.handshake, "200"),
      ] {
        let refused = try WebSocket(port: server.port, target: path, headers: headers)
        #expect(try !refused.open())
        #expect(refused.answer.hasPrefix("HTTP/1.1 \(status) "), "\(path): \(refused.answer)")
      }
    }

    @Test("Frames that are none end the socket with a reason, and only that one")
    func garbage() throws {
      let server = try TallyServer()
      try server.start()
      let socket = try WebSocket(port: server.port, target: target(server))
      #expect(try socket.open())
      _ = try socket.message()
      socket.send([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
      #expect(try socket.next() == .close(code: 1_002, reason: "not a WebSocket frame"))
      #expect(try look(server)["online"] == .number(0))
    }

    @Test("A reader that does not read is dropped with a reason; others go on")
    func slow() throws {
      let server = try TallyServer()
      try server.start()
      let asleep = try WebSocket(port: server.port, target: target(server), receiveBytes: 2_304)
      #expect(try asleep.open())
      let awake = try WebSocket(port: server.port, target: target(server))
      #expect(try awake.open())
      var sent = 0.0
      let isDropped = try Patience.wait {
        try send(server, devices: 1)
        sent += 2
        while try awake.message()["events"] != .number(sent) {}
        return try server.metric("tally_live_slow_total") == 1
      }
      #expect(isDropped)
      var last = WebSocket.Message.text("")
      while let next = try? asleep.next() { last = next }
      #expect(last == .close(code: 1_008, reason: "reading too slowly"))
      #expect(try server.metric("tally_live_readers") == 1)
    }

    @Test("Who may no longer read is told nothing more, by a socket as by a stream")
    func denied() throws {
      let server = try TallyServer()
      try server.start()
      func ask(_ path: String, _ more: String) throws -> JSON {
        try JSON(
          server.connect(seconds: 20).get("\(path)?api_key=\(server.keys.apiKey)&\(more)").text)
      }
      let token = try ask("/i/token/create", "ttl=600")["result"]?.string ?? ""
      let once = try ask("/i/token/create", "ttl=600&multi=false")["result"]?.string ?? ""
      let readers =
        [target(server)]
        + [token, once].map { "/live?auth_token=\($0)&app_id=\(server.keys.appID)" }
      let sockets = try readers.map { try WebSocket(port: server.port, target: $0) }
      for socket in sockets { #expect(try socket.open(), "\(socket.answer)") }
      let events = try WebSocket(
        port: server.port, target: target(server), headers: ["Accept: text/event-stream"])
      #expect(try !events.open())
      for socket in sockets { _ = try socket.message() }
      _ = try ask("/i/token/delete", "tokenid=\(token)")
      let owner = try ask("/o/users/me", "")["_id"]?.string ?? ""
      #expect(try ask("/i/users/renewApiKey", "user_id=\(owner)")["api_key"] != nil)
      try send(server, devices: 1)
      for socket in sockets.prefix(2) {
        var last = WebSocket.Message.text("")
        while let next = try? socket.next() { last = next }
        #expect(last == .close(code: 1_008, reason: "no longer allowed"))
      }
      let end = "event: end\ndata: no longer allowed\n\n"
      var text = ""
      while !text.contains(end), let byte = try? events.take(1) {
        text += String(decoding: byte, as: UTF8.self)
      }
      #expect(text.contains(end))
      // A token for one use was used up when it came; its member goes on to be one.
      while try sockets[2].message()["events"] != .number(2) {}
      #expect(try server.metric("tally_live_denied_total") == 3)
      #expect(try server.metric("tally_live_readers") == 1)
    }

    @Test("A stop tells readers, and waits for none of them")
    func stop() throws {
      let server = try TallyServer()
      try server.start()
      let socket = try WebSocket(port: server.port, target: target(server))
      #expect(try socket.open())
      let events = try WebSocket(
        port: server.port, target: target(server), headers: ["Accept: text/event-stream"])
      #expect(try !events.open())
      #expect(events.answer.contains("text/event-stream"))
      _ = try socket.message()
      var text = ""
      while !text.contains("event: live\ndata: {\"app_id\"") {
        text += String(decoding: try events.take(1), as: UTF8.self)
      }
      let began = Clock.now
      #expect(server.terminate() == .code(0), "\(server.log.suffix(2_000))")
      #expect(Clock.now - began < 2)
      var last = WebSocket.Message.text("")
      while let next = try? socket.next() { last = next }
      #expect(last == .close(code: 1_001, reason: "the server is stopping"))
      while let byte = try? events.take(1) { text += String(decoding: byte, as: UTF8.self) }
      #expect(text.contains("event: end\ndata: the server is stopping\n\n"))
    }
  }
}
