import Foundation
import Harness
import Testing

extension EndToEnd {
  /// What every kind of call costs, where an operator looks for it.
  @Suite(.serialized) struct PluginCostTests {
    private func row(_ server: TallyServer) throws -> JSON {
      let reply = try server.connect().get("/o/plugins?api_key=\(server.keys.apiKey)")
      return try #require(
        JSON(reply.text).array?.first { $0["code"]?.string == "five-kinds" })
    }

    private func send(_ server: TallyServer, _ query: String) throws {
      let reply = try server.connect().get(
        "/i?app_key=\(server.keys.appKey)&device_id=d&\(query)")
      #expect(reply.status == 200)
    }

    @Test("Hooks of every kind are counted with time and faults, and shown alike everywhere")
    func kinds() throws {
      let server = try FixtureServer.make("five-kinds", more: ", transform_fault: bypass")
      try server.start()
      for tap in ["a", "b", "c"] { try send(server, "taps=\(tap)") }
      try send(server, "taps=d&intake_fail=1")
      try server.settle()
      try send(server, "taps=e&wish=fail")
      let (status, _) = try Subprocess.run([
        TallyServer.binary, "setup", "--data", server.dataPath, "--username", "second",
        "--password", "Secret-Passw0rd", "--app", "Second",
      ])
      #expect(status == .code(0))
      try server.settle()
      let deadline = Clock.now + 10
      var calls = try row(server)["other_calls"]
      while calls?["lifecycle"] == nil || calls?["committed"]?["items"]?.number ?? 0 < 5,
        Clock.now < deadline
      {
        usleep(20_000)
        calls = try row(server)["other_calls"]
      }
      for (kind, items, errors) in [
        ("intake", 5.0, 1.0), ("transform", nil, 2.0), ("committed", 5, 0), ("lifecycle", 0, 0),
      ] as [(String, Double?, Double)] {
        let reading = calls?[kind]
        #expect(items == nil || reading?["items"]?.number == items, "\(kind): \(calls as Any)")
        #expect(reading?["errors"]?.number == errors, "\(kind): \(calls as Any)")
        #expect((reading?["time_ns"]?.number ?? 0) > 0, "\(kind): \(calls as Any)")
      }
      let metrics = try server.connect().get("/metrics").text
      #expect(
        metrics.contains("tally_plugin_calls_total{plugin=\"five-kinds\",kind=\"intake\"} 5\n"))
      #expect(
        metrics.contains("tally_plugin_errors_total{plugin=\"five-kinds\",kind=\"transform\"} 2\n"))
      let (_, top) = try Subprocess.run([
        TallyServer.binary, "top", "--once", "--interval", "0.1", "--data", server.dataPath,
        "--config", server.configPath,
      ])
      for kind in ["intake", "transform", "committed", "lifecycle"] {
        #expect(top.contains(kind), "\(top)")
      }
      #expect(server.terminate() == .code(0))
    }

    @Test("What is left out at a limit is counted by the limit's name")
    func drops() throws {
      let server = try FixtureServer.make("five-kinds")
      try server.start()
      // 100 values of `tap` a year; 16 notes of 4 096 bytes.
      for tap in 0..<103 { try send(server, "taps=t\(tap)") }
      try send(server, "taps=t0&note=\(String(repeating: "n", count: 4_097))")
      try server.settle()
      let drops = try row(server)["drops"]
      #expect(drops?["series"]?.number == 3, "\(drops as Any)")
      #expect(drops?["intake"]?.number == 1, "\(drops as Any)")
      let metrics = try server.connect().get("/metrics").text
      #expect(
        metrics.contains("tally_plugin_drops_total{plugin=\"five-kinds\",limit=\"series\"} 3\n"))
      let (_, info) = try Subprocess.run([
        TallyServer.binary, "plugin", "info", "five-kinds", "--data", server.dataPath, "--config",
        server.configPath,
      ])
      #expect(info.contains("series 3, intake 1") || info.contains("intake 1, series 3"), "\(info)")
      #expect(server.terminate() == .code(0))
    }
  }
}
