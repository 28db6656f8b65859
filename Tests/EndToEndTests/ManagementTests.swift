import Foundation
import Harness
import Testing

extension EndToEnd {
  /// What an operator sees of plugins, and what nobody must see.
  @Suite(.serialized) struct ManagementTests {
    private static let secret = "opensesame"

    private let folder: String
    private let server: TallyServer

    init() throws {
      folder = try Files.temporaryFolder()
      _ = try Fixture.compile("talkative", in: folder)
      server = try TallyServer(
        config: """
          # What runs here.
          plugins:
            views: { enabled: true }   # pages
            talkative:
              enabled: true
              path: \(folder)/libtalkative.so
              token: \(Self.secret) # never shown

          """)
    }

    private func tally(
      _ arguments: [String], environment: [String: String] = [:]
    ) throws -> (Subprocess.ExitStatus?, String) {
      let variables = environment.map { "\($0.key)=\($0.value)" }
      return try Subprocess.run(
        ["env"] + variables + [TallyServer.binary] + arguments + [
          "--data", server.dataPath, "--config", server.configPath,
        ])
    }

    private func get(_ path: String, _ query: String = "") throws -> HTTPReply {
      try server.connect(seconds: 20).get("\(path)?api_key=\(server.keys.apiKey)\(query)")
    }

    @Test("No secret is shown anywhere")
    func secrets() throws {
      defer { Files.remove(folder) }
      try server.start()
      let configs = try get("/o/configs").text
      #expect(configs.contains("\"token\":\"(secret)\""), "\(configs)")
      let texts = [
        configs, try get("/o/plugins").text, try get("/o/plugins/schema").text,
        try get("/metrics").text, try tally(["check", "--explain"]).1,
        try tally(["check", "--json"]).1, try tally(["plugin", "list"]).1,
        try tally(["plugin", "info", "talkative"]).1,
        try tally(["plugin", "info", "talkative", "--json"]).1,
        // A value that is refused, and a plugin whose rules nobody can read.
        try tally(["check"], environment: ["TALLY_PLUGIN_TALKATIVE__LIMIT_MAX": "99"]).1,
        try tally(["check", "--explain", "--set", "plugins.talkative.limit_max=99"]).1,
        try get("/i/configs", "&configs=%7B%22talkative%22:%7B%22token%22:%22openses%22%7D%7D")
          .text,
        server.log,
      ]
      for text in texts { #expect(!text.contains("openses"), "\(text)") }
      #expect(texts[4].contains("plugins.talkative.token"), "\(texts[4])")
      #expect(texts[4].contains("(secret)"), "\(texts[4])")
      #expect(try Files.text(server.configPath).contains("token: openses # never shown"))
    }

    @Test("A write goes into the file, which keeps its comments, and is live at once")
    func write() throws {
      defer { Files.remove(folder) }
      try server.start()
      let app = server.keys.appID
      let set = "&configs=%7B%22talkative%22:%7B%22limit_max%22:3%7D%7D"
      #expect(try get("/i/configs", set).text.contains("\"limit_max\":3"))
      let own = try get("/i/configs", "&app_id=\(app)" + set.replacing(":3%7D", with: ":9%7D")).text
      #expect(own.contains("\"limit_max\":9"), "\(own)")
      #expect(
        try Files.text(server.configPath) == """
          # What runs here.
          plugins:
            views: { enabled: true }   # pages
            talkative:
              enabled: true
              path: \(folder)/libtalkative.so
              token: \(Self.secret) # never shown
              limit_max: 3
              apps: { \(app): { limit_max: 9 } }

          """)
      #expect(server.log.contains("app 1: token (secret) limit 9 level low"), "\(server.log)")
      #expect(try get("/o/plugins-check").text == "{\"result\":\"completed\"}")
      let (_, explained) = try tally(["check", "--explain"])
      let line = explained.split(separator: "\n").first {
        $0.hasPrefix("plugins.talkative.limit_max")
      }
      #expect(line?.contains("plugins.yaml:8:5") == true, "\(explained)")
      #expect(line?.hasSuffix("How many. (items)") == true, "\(explained)")
    }

    @Test("What a flag or a variable sets cannot be written over")
    func precedence() throws {
      defer { Files.remove(folder) }
      try server.start(environment: ["TALLY_PLUGIN_TALKATIVE__LIMIT_MAX": "4"])
      let reply = try get("/i/configs", "&configs=%7B%22talkative%22:%7B%22limit_max%22:3%7D%7D")
      #expect(reply.status == 400)
      #expect(
        reply.text
          == "{\"result\":\"talkative.limit_max is set by TALLY_PLUGIN_TALKATIVE__LIMIT_MAX, "
          + "which wins over plugins.yaml; change it there\"}", "\(reply.text)")
    }

    @Test("Calls, items and time of each plugin are counted and shown")
    func accounting() throws {
      defer { Files.remove(folder) }
      try server.start()
      for device in 1...20 {
        let request = "/i?app_key=\(server.keys.appKey)&device_id=d\(device)&begin_session=1"
        #expect(try server.connect().get(request).status == 200)
      }
      try server.settle()
      _ = try server.ask("method=views&period=30days")
      let rows = try JSON(get("/o/plugins", "&storage=true").text).array ?? []
      #expect(
        rows.compactMap { $0["code"]?.string } == [
          "users", "sessions", "events", "profiles", "views", "talkative",
        ])
      let users = try #require(rows.first)
      #expect(users["hook_calls"]?["items"]?.number == 20)
      #expect((users["hook_calls"]?["time_ns"]?.number ?? 0) > 0)
      #expect(users["state"]?.string == "running" && users["prepackaged"] == .bool(true))
      #expect(rows[4]["reads"]?["calls"]?.number == 1)
      #expect((rows[1]["storage"]?["series"]?.number ?? 0) > 0)
      #expect(rows[5]["sha256"]?.string?.count == 64)
      let metrics = try server.connect().get("/metrics").text
      #expect(metrics.contains("tally_plugin_items_total{plugin=\"users\",kind=\"hook\"} 20\n"))
      #expect(
        metrics.contains("tally_plugin_call_seconds_count{plugin=\"views\",kind=\"question\"} 1\n"))
      let (status, top) = try tally(["top", "--once", "--interval", "0.1"])
      #expect(status == .code(0) && top.contains("PLUGIN") && top.contains("sessions"), "\(top)")
      let (_, order) = try tally(["plugin", "order"])
      #expect(order.contains("sessions  phase early, after users"), "\(order)")
      let (_, info) = try tally(["plugin", "info", "vews"])
      #expect(info.contains("there is no plugin \"vews\"; did you mean \"views\"?"), "\(info)")
      #expect(server.terminate() == .code(0))
      let (down, words) = try tally(["top", "--once"])
      #expect(down != .code(0) && words.contains("no server runs on"), "\(words)")
    }

    @Test("A library that is not the pinned one is refused, and the server runs without it")
    func pins() throws {
      defer { Files.remove(folder) }
      let pin = String(repeating: "ab", count: 32)
      try Files.write(
        """
        host: { plugin_pins: required }
        plugins:
          talkative: { enabled: true, path: \(folder)/libtalkative.so, sha256: \(pin) }
          views: { enabled: true }

        """, to: server.configPath)
      try server.start()
      #expect(server.log.contains("TALLY-150: talkative: \(folder)/libtalkative.so has sha256"))
      #expect(server.log.contains("libviews.so is not pinned, and host.plugin_pins is required"))
      // The server answers a moment before it says what runs.
      #expect(
        Patience.wait { server.log.contains("plugins=users sessions events") }, "\(server.log)")
      #expect(try get("/o/plugins-check").text == "{\"result\":\"failed\"}")
      let (status, words) = try tally(["check"])
      #expect(status == .code(1) && words.contains("need \(pin);"), "\(words)")
    }
  }
}
