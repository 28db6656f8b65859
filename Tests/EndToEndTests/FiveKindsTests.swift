import Foundation
import Harness
import Testing

extension FaultsEndToEnd {
  /// The fixture `five-kinds` in a server, doing what requests ask for.
  @Suite(.serialized) struct FiveKindsTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().path

    private func server(_ placement: String = "") throws -> TallyServer {
      let config = """
        host:
          limits: { journal_segment_bytes: 1048576, read_wait_ms: 5000 }
        plugins:
          five-kinds: { enabled: true, path: ./libfive-kinds.so\(placement) }

        """
      let server = try TallyServer(config: config)
      let (status, output) = try Subprocess.run([
        "cc", "-shared", "-fPIC", "-fvisibility=hidden",
        "-I\(Self.root)/Sources/PluginABI/include",
        "\(Self.root)/Tests/Fixtures/Plugins/five-kinds.c", "-o",
        "\(server.folder)/libfive-kinds.so",
      ])
      try #require(status == .code(0), "\(output)")
      return server
    }

    private func send(_ server: TallyServer, _ query: String) throws -> (Int, String) {
      let body = "app_key=\(server.keys.appKey)&device_id=d&\(query)"
      let reply = try post(server, "/i", body)
      return (reply.status, reply.text)
    }

    private func post(
      _ server: TallyServer, _ path: String, _ body: String
    ) throws -> HTTPReply {
      try server.connect().send(
        "POST", path, headers: ["Content-Type: application/x-www-form-urlencoded"],
        body: Array(body.utf8))
    }

    private func counts(_ server: TallyServer, _ by: String) throws -> String {
      let reply = try server.connect().get(
        "/o?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)&method=five&\(by)")
      return reply.text
    }

    private func expect(_ server: TallyServer, _ by: String, _ expected: String) throws {
      let counted = try counts(server, by)
      #expect(counted == expected, "\(counted)\n\(server.log.suffix(2_000))")
    }

    private let success = #"{"result":"Success"}"#

    @Test("An intake hook refuses in its own words, annotates, and harms nobody when it fails")
    func intake() throws {
      let server = try server()
      try server.start()
      let refused = try send(server, "taps=a&refuse=418")
      #expect(refused == (418, #"{"result":"\"no\" &lt;thanks&gt;"}"#))
      #expect(try send(server, "taps=a&refuse=200").0 == 200)
      #expect(try send(server, "taps=a&refuse=99") == (200, success))
      #expect(try send(server, "taps=b&note=happy") == (200, success))
      #expect(try send(server, "taps=c&intake_fail=1") == (200, success))
      #expect(try send(server, "taps=d&five-kinds.mood=forged") == (200, success))
      try expect(server, "by=tap", #"{"a":1,"b":1,"c":1,"d":1,"":0}"#)
      try expect(server, "by=mood", #"{"happy":1,"":0}"#)
      #expect(try server.metric("tally_plugin_refusals_total") == 2)
      #expect(server.log.contains("the request is accepted without it"))
      #expect(server.terminate() == .code(0))
    }

    @Test("A request that ends the process in an intake hook is named, and then kept from it")
    func intakeCrash() throws {
      let server = try server()
      try server.start()
      #expect(throws: HarnessError.self) { try send(server, "taps=a&intake_crash=1") }
      #expect(server.process?.wait(seconds: 10) == .signal(SIGABRT))
      try server.start()
      #expect(server.log.contains("the last run ended inside a plugin"))
      #expect(server.log.contains("plugin=five-kinds/intake"), "\(server.log.suffix(2_000))")
      for _ in 0..<2 { #expect(try send(server, "taps=a&intake_crash=1") == (200, success)) }
      #expect(try send(server, "taps=b&note=happy") == (200, success))
      try expect(server, "by=tap", #"{"a":2,"b":1,"":0}"#)
      try expect(server, "by=mood", #"{"happy":1,"":0}"#)
      #expect(server.log.contains("this request ended the process with signal 6"))
      // Another request is another one.
      #expect(throws: HarnessError.self) { try send(server, "taps=c&intake_crash=1") }
      #expect(server.process?.wait(seconds: 10) == .signal(SIGABRT))
      try server.start()
      #expect(try send(server, "taps=a&intake_crash=1") == (200, success))
      #expect(try send(server, "taps=c&intake_crash=1") == (200, success))
      #expect(server.terminate() == .code(0))
    }

    @Test("Of a bulk request an intake hook refuses and annotates items")
    func bulk() throws {
      let server = try server()
      try server.start()
      let items = #"""
        [{"device_id":"1","taps":"a"},{"device_id":"2","taps":"b","refuse":"400"},
        {"device_id":"3","taps":"c","note":"{\"x\":1}"},{"device_id":"4","taps":"d","note":"sad"}]
        """#
      let reply = try post(
        server, "/i/bulk", "app_key=\(server.keys.appKey)&requests=\(items)")
      #expect((reply.status, reply.text) == (200, success))
      try expect(server, "by=tap", #"{"a":1,"c":1,"d":1,"":0}"#)
      try expect(server, "by=mood", #"{"sad":1,"":0}"#)
      #expect(server.terminate() == .code(0))
    }

    @Test("A transform hook drops, edits and adds before anybody counts")
    func transform() throws {
      let server = try server()
      try server.start()
      let events = #"&events=[{"key":"one","count":2},{"key":"two","segmentation":{"s":1.5}}]"#
      for wish in ["drop", "set", "remove", "none", "add", "count", "drop-event"] {
        #expect(try send(server, "taps=t&wish=\(wish)" + events) == (200, success))
      }
      #expect(try send(server, "taps=t&wish=add&note=kept") == (200, success))
      try expect(server, "by=tap", #"{"t":5,"edited &quot;q&quot;":1,"":0}"#)
      try expect(server, "by=event", #"{"one":58,"two":6,"added":6,"":0}"#)
      try expect(server, "by=mood", #"{"kept":1,"":0}"#)
      try expect(server, "by=event&value=added", #"{"added":6,"":0}"#)
      #expect(server.terminate() == .code(0))
      let (status, books) = try Subprocess.run(
        [TallyServer.binary, "verify", "--data", server.dataPath])
      #expect(status == .code(0), "\(books)")
      #expect(books.contains("dropped 1"), "\(books)")
    }

    @Test("An event whose time was moved says so")
    func clamped() throws {
      let server = try server()
      try server.start()
      let events = #"&events=[{"key":"late","timestamp":9999999999},{"key":"now"}]"#
      #expect(try send(server, "taps=t" + events) == (200, success))
      try expect(server, "by=clamped", #"{"late":1,"":0}"#)
      #expect(server.terminate() == .code(0))
    }

    @Test(
      "A transform at fault is bypassed where its operator says so",
      arguments: [
        ("fail", "status -1: asked to fail"),
        ("bad-json", "a verdict's value is one JSON value of at most 65536 bytes"),
        ("bad-node", "a verdict names node 0, which is no object of item"),
      ])
    func bypass(_ wish: String, _ reason: String) throws {
      let server = try server(", transform_fault: bypass")
      try server.start()
      #expect(try send(server, "taps=before&wish=set") == (200, success))
      #expect(try send(server, "taps=fault&wish=\(wish)") == (200, success))
      #expect(try send(server, "taps=gone&wish=drop") == (200, success))
      try expect(server, "by=tap", #"{"edited &quot;q&quot;":1,"fault":1,"":0}"#)
      #expect(try server.metric("tally_transforms_bypassed_total") == 1)
      #expect(server.log.contains(reason), "\(server.log.suffix(2_000))")
      #expect(server.terminate() == .code(0))
    }

    @Test("A transform at fault holds the pipeline; what came before is counted, the rest after")
    func hold() throws {
      let server = try server()
      try server.start()
      #expect(try send(server, "taps=before") == (200, success))
      try expect(server, "by=tap", #"{"before":1,"":0}"#)
      #expect(try send(server, "taps=fault&wish=fail") == (200, success))
      #expect(try send(server, "taps=after") == (200, success))
      let deadline = Clock.now + 10
      while try server.metric("tally_pipeline_held") != 1, Clock.now < deadline { usleep(20_000) }
      #expect(try server.metric("tally_pipeline_held") == 1)
      let journal = try server.metric("tally_journal_durable_position")
      #expect(try server.metric("tally_store_position") != journal)
      // It stops in order, and holds again at the next start.
      #expect(server.terminate() == .code(0), "\(server.log.suffix(2_000))")
      let text = try Files.text(server.configPath)
      try Files.write(
        text.replacing("five-kinds.so", with: "five-kinds.so, transform_fault: bypass"),
        to: server.configPath)
      try server.start()
      #expect(
        try counts(server, "by=tap") == #"{"before":1,"fault":1,"after":1,"":0}"#,
        "\(server.log.suffix(2_000))")
      #expect(server.terminate() == .code(0))
    }

    @Test("A change of transform_fault lets a held pipeline go on while the server runs")
    func holdLive() throws {
      let server = try server()
      try server.start()
      #expect(try send(server, "taps=fault&wish=fail") == (200, success))
      let deadline = Clock.now + 10
      while try server.metric("tally_pipeline_held") != 1, Clock.now < deadline { usleep(20_000) }
      let text = try Files.text(server.configPath)
      try Files.write(
        text.replacing("five-kinds.so", with: "five-kinds.so, transform_fault: bypass"),
        to: server.configPath)
      while try server.metric("tally_pipeline_held") != 0, Clock.now < deadline { usleep(20_000) }
      #expect(try counts(server, "by=tap") == #"{"fault":1,"":0}"#, "\(server.log.suffix(2_000))")
      #expect(server.terminate() == .code(0))
    }

    @Test("A committed hook hears of everything at least once, in order, over kills and stops")
    func committed() throws {
      let server = try server()
      let path = server.folder + "/commits"
      let environment = ["FIVE_KINDS_COMMITS": path]
      var sent = 0
      for round in 0..<4 {
        try server.start(environment: environment)
        for _ in 0..<40 {
          #expect(try send(server, "taps=t\(sent)") == (200, success))
          sent += 1
        }
        if round.isMultiple(of: 2) {
          server.kill()
        } else {
          #expect(server.terminate() == .code(0))
        }
      }
      try server.start(environment: environment)
      let deadline = Clock.now + 10
      while !((try? Files.text(path)) ?? "").contains(" t\(sent - 1)"), Clock.now < deadline {
        usleep(20_000)
      }
      let lines = try Files.text(path).split(separator: "\n")
      var heard: [String] = []
      for line in lines {
        let tap = String(line.split(separator: " ")[1])
        if heard.contains(tap) {
          #expect(line.hasSuffix(" again"), "\(line)")
        } else {
          heard.append(tap)
        }
      }
      #expect(heard == (0..<sent).map { "t\($0)" })
      #expect(server.terminate() == .code(0))
      // What was heard of before an orderly stop is not told again.
      let before = try Files.text(path)
      try server.start(environment: environment)
      #expect(try send(server, "taps=last") == (200, success))
      let end = Clock.now + 10
      while !((try? Files.text(path)) ?? "").contains(" last"), Clock.now < end { usleep(20_000) }
      let after = try Files.text(path).dropFirst(before.count)
      #expect(after.split(separator: "\n").count == 1 && after.hasSuffix(" last\n"), "\(after)")
      #expect(server.terminate() == .code(0))
    }

    @Test("A committed hook is told of new users and bulk requests as live hooks are")
    func committedFlags() throws {
      let server = try server()
      let path = server.folder + "/commits"
      try server.start(environment: ["FIVE_KINDS_COMMITS": path])
      let items = #"[{"device_id":"d","taps":"a"},{"device_id":"e","taps":"b"}]"#
      let bulk = "app_key=\(server.keys.appKey)&requests=\(items)"
      #expect(try post(server, "/i/bulk", bulk).status == 200)
      #expect(try send(server, "taps=c") == (200, success))
      try waitFor(path, " c")
      #expect(try Files.text(path) == "1.0+new+bulk a\n1.1+new+bulk b\n2.0 c\n")
      #expect(server.terminate() == .code(0))
    }

    @Test("A stop does not wait for a committed hook that does not return; it is told again")
    func committedHangs() throws {
      let server = try server()
      let (path, gate) = (server.folder + "/commits", server.folder + "/gate")
      let environment = ["FIVE_KINDS_COMMITS": path, "FIVE_KINDS_GATE": gate]
      try server.start(environment: environment)
      #expect(try send(server, "taps=first") == (200, success))
      try waitFor(path, " first")
      #expect(try send(server, "taps=wait") == (200, success))
      let deadline = Clock.now + 10
      while !server.log.contains("a commit waits"), Clock.now < deadline { usleep(5_000) }
      #expect(try send(server, "taps=last") == (200, success))
      #expect(server.terminate() == .code(0), "\(server.log.suffix(2_000))")
      #expect(server.log.contains("a committed hook of five-kinds"))
      #expect(server.log.contains("stopped"), "\(server.log.suffix(2_000))")
      try Files.write("", to: gate)
      try server.start(environment: environment)
      try waitFor(path, " last")
      let heard = try Files.text(path).split(separator: "\n").map { $0.split(separator: " ")[1...] }
      #expect(heard == [["first"], ["wait", "again"], ["last", "again"]])
      #expect(server.terminate() == .code(0))
    }

    @Test("A hook that hangs on the pipeline does not hold up the end, and nothing is lost")
    func pipelineHangs() throws {
      let server = try server()
      let gate = server.folder + "/gate"
      try server.start(environment: ["FIVE_KINDS_GATE": gate])
      #expect(try send(server, "taps=a&wish=hang") == (200, success))
      try waitFor(server.logPath, "a transform hangs")
      #expect(try send(server, "taps=b") == (200, success))
      #expect(server.terminate() == .code(0), "\(server.log.suffix(2_000))")
      try Files.write("", to: gate)
      try server.start(environment: ["FIVE_KINDS_GATE": gate])
      try expect(server, "by=tap", #"{"a":1,"b":1,"":0}"#)
      #expect(server.terminate() == .code(0))
    }

    /// Waits until a file contains a text.
    private func waitFor(_ path: String, _ text: String) throws {
      let deadline = Clock.now + 10
      while !((try? Files.text(path)) ?? "").contains(text) {
        try #require(Clock.now < deadline, "\(text)")
        usleep(5_000)
      }
    }

    @Test("A lifecycle hook hears of an app that is made")
    func lifecycle() throws {
      let server = try server()
      try server.start()
      let (status, output) = try Subprocess.run([
        TallyServer.binary, "setup", "--data", server.dataPath, "--username", "second",
        "--password", "Secret-Passw0rd", "--app", "Second", "--json",
      ])
      #expect(status == .code(0), "\(output)")
      let deadline = Clock.now + 5
      while !server.log.contains("lifecycle 1 of app 2"), Clock.now < deadline { usleep(10_000) }
      #expect(server.log.contains("lifecycle 1 of app 2"), "\(server.log.suffix(2_000))")
      #expect(server.terminate() == .code(0))
    }

    @Test("Routes take patterns, methods, bodies and headers")
    func routes() throws {
      let server = try server()
      try server.start()
      let who = "api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)"
      let connection = server.connect()
      let get = try connection.get("/o/five/hello?\(who)&word=forged")
      #expect((get.status, get.text) == (200, #"["hello","GET",""]"#))
      #expect(get.headers["x-five"] == "path")
      #expect(get.headers["content-length"] == "\(get.text.utf8.count)")
      let post = try self.post(server, "/i/five/there?\(who)", "a=1")
      #expect((post.status, post.text) == (200, #"["there","POST","a=1"]"#))
      #expect(post.headers["x-five"] == "body")
      #expect(try connection.get("/i/five/there?\(who)").status == 405)
      #expect(try connection.get("/o/five?\(who)").status == 400)
      #expect(try connection.get("/o/five/a/b?\(who)").status == 400)
      #expect(try connection.get("/o/five/hello?app_id=\(server.keys.appID)").status != 200)
      let large = String(repeating: "x", count: 1_001)
      #expect(try self.post(server, "/i/five/there?\(who)", large).status == 413)
      #expect(server.terminate() == .code(0))
    }

    @Test("What SDKs ask is answered to whoever knows the app's key")
    func sdk() throws {
      let server = try server()
      try server.start()
      let key = "/o/sdk?method=five&app_key=\(server.keys.appKey)"
      let reply = try server.connect().get("\(key)&device_id=d&word=hello")
      #expect((reply.status, reply.text) == (200, #"["hello","GET",""]"#))
      let refusals = [
        (key, 400, #"{"result":"Missing parameter \"app_key\" or \"device_id\""}"#),
        ("/o/sdk?app_key=x&device_id=d&method=five", 400, #"{"result":"App does not exist"}"#),
        (key + "s&device_id=d", 400, #"{"result":"App does not exist"}"#),
        (
          key.replacing("five", with: "six") + "&device_id=d", 400,
          #"{"result":"Invalid method"}"#
        ),
      ]
      for (target, status, text) in refusals {
        let reply = try server.connect().get(target)
        #expect((reply.status, reply.text) == (status, text), "\(target)")
      }
      #expect(server.terminate() == .code(0))
    }

    @Test("A route behind its deadline is answered 504, and its plugin is told")
    func deadline() throws {
      let server = try server()
      try server.start()
      let who = "api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)"
      let reply = try server.connect().get("/o/five/slow?\(who)&wait=1")
      #expect((reply.status, reply.text) == (504, #"{"result":"Deadline exceeded"}"#))
      let deadline = Clock.now + 5
      while !server.log.contains("the wait was cancelled"), Clock.now < deadline { usleep(10_000) }
      #expect(server.log.contains("the wait was cancelled"))
      #expect(try server.connect().get("/o/five/fast?\(who)").status == 200)
      #expect(server.terminate() == .code(0))
    }

    @Test("Whoever answers a client that has gone is told")
    func gone() throws {
      let server = try server()
      try server.start()
      let who = "api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)"
      // The client has a second's patience, its route a minute's, the plugin ten seconds'.
      #expect(throws: HarnessError.self) {
        try server.connect(seconds: 1).get("/o/patient/slow?\(who)&wait=1")
      }
      let ends = ["the wait was cancelled", "nobody cancelled"]
      #expect(Patience.wait { ends.contains { server.log.contains($0) } })
      #expect(server.log.contains(ends[0]), "\(server.log)")
      #expect(try server.connect().get("/o/five/fast?\(who)").status == 200)
      #expect(server.terminate() == .code(0))
    }
  }
}
