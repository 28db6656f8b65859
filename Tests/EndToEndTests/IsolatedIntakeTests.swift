import Foundation
import Harness
import Testing

extension IsolatedEndToEnd {
  /// Intake hooks in a process of their own: the same verdicts, and no request waits for long.
  @Suite(.serialized) struct IsolatedIntakeTests {
    private static let asks = [
      "describe", "many", "large", "long", "invalid", "refuse", "refuse-99", "refuse-large", "fail",
      "nothing",
    ]

    /// One request in each shape SDKs send them in; what each is answered.
    private func send(_ ask: String, _ server: TallyServer, from first: Int64) throws -> [String] {
      let query = "/i?app_key=\(server.keys.appKey)&ask=\(ask)"
      let events = "%5B%7B%22key%22%3A%22one%22%7D%5D"
      let form =
        "device_id=form&number=5&empty=&escaped=a%22%C3%9C+b&colour=red&events=\(events)"
      let members =
        "\"number\":5.0,\"empty\":\"\",\"escaped\":\"a\\\"\\u00dc b\",\"colour\":null,"
        + "\"events\":[{\"key\":\"one\"}]"
      let bulk =
        "{\"app_key\":\"\(server.keys.appKey)\",\"requests\":["
        + "{\"device_id\":\"bulk\",\"ask\":\"\(ask)\",\"timestamp\":\(first),\(members)},"
        + "{\"device_id\":\"bulk\",\"ask\":\"nothing\",\"timestamp\":\(first + 1)}]}"
      let json = ["Content-Type: application/json"]
      let replies = try [
        server.connect().get(query + "&device_id=query&number=5"),
        server.connect().send(
          "POST", query, headers: ["Content-Type: application/x-www-form-urlencoded"],
          body: Array(form.utf8)),
        server.connect().send(
          "POST", query, headers: json, body: Array("{\"device_id\":\"json\",\(members)}".utf8)),
        server.connect().send("POST", "/i/bulk", headers: json, body: Array(bulk.utf8)),
      ]
      return replies.map { "\(ask): \($0.status) \($0.text)" }
    }

    private func row(_ server: TallyServer) throws -> JSON {
      let reply = try server.connect().get("/o/plugins?api_key=\(server.keys.apiKey)")
      return try #require(JSON(reply.text).array?.first { $0["code"]?.string == "roles" })
    }

    private func answers(mode: String, from first: Int64) throws -> [String] {
      let isolated = try IsolatedServer(
        [("roles", mode)], intakeMilliseconds: 10_000, firstMillisecond: first)
      defer { isolated.remove() }
      let server = isolated.server
      var answers: [String] = []
      for (number, ask) in Self.asks.enumerated() {
        answers += try send(ask, server, from: first + Int64(number) * 60_000)
      }
      try server.settle()
      for dimension in ["note", "device"] {
        answers.append(try isolated.answer("method=roles&period=60days&by=\(dimension)"))
      }
      let row = try row(server)
      answers.append(
        "asked \(try server.metric("tally_plugin_roles_asked_total") ?? -1) "
          + "dropped \(row["drops"]?["intake"]?.number ?? -1) "
          + "failed \(row["other_calls"]?["intake"]?["items"]?.number ?? -1)")
      answers.append("late \(row["drops"]?["intake_late"]?.number ?? 0)")
      answers.append(
        server.log.split(separator: "\n").first { $0.contains("an intake hook failed") }
          .map { $0.components(separatedBy: "reason=").dropFirst().joined() } ?? "none")
      #expect(server.terminate() == .code(0), "\(server.log)")
      return answers
    }

    @Test("An isolated intake hook says what it says in-process, byte for byte")
    func equality() throws {
      let first = Clock.unixMilliseconds - 40 * 86_400_000
      let inproc = try answers(mode: "inproc", from: first)
      let isolated = try answers(mode: "isolated", from: first)
      for (one, other) in zip(inproc, isolated) { #expect(one == other) }
      #expect(inproc.count == isolated.count)
      // What is compared says something.
      let all = inproc.joined(separator: "\n")
      for word in [
        #"refuse: 403 {"result":"\"no\" Ω"}"#, "app 1 flags 0 at 1 id 24 device form address 127",
        "device bulk", "flags 1", "empty yes", "missing no", "answered ", "late 0", "asked 50",
      ] { #expect(all.contains(word), "\(word) in \(all)") }
    }

    @Test("A hook that takes its time holds up no request, and is counted")
    func late() throws {
      let isolated = try IsolatedServer([("roles", "isolated")])
      defer { isolated.remove() }
      let server = isolated.server
      let target = "/i?app_key=\(server.keys.appKey)&device_id=d"
      #expect(try server.connect().get(target + "&n=1&ask=sleep").text == #"{"result":"Success"}"#)
      #expect(try server.connect().get(target + "&n=2&ask=refuse").status == 200)
      #expect(!server.log.contains("has slept"), "both were answered while the hook slept")
      let deadline = Clock.now + 20
      while !server.log.contains("has slept"), Clock.now < deadline { usleep(10_000) }
      // The runner is as it was; the hook is asked again.
      while try server.connect().get(target + "&n=3&ask=refuse").status != 403,
        Clock.now < deadline
      { usleep(10_000) }
      #expect(try server.connect().get(target + "&n=4&ask=refuse").status == 403)
      let drops = try row(server)["drops"]?["intake_late"]?.number ?? 0
      #expect(drops >= 2, "\(server.log)")
      #expect(
        try server.connect().get("/metrics").text
          .contains("tally_plugin_drops_total{plugin=\"roles\",limit=\"intake_late\"}"))
      #expect(try isolated.command("info", "roles").contains("intake_late"))
      #expect(try server.metric("tally_plugin_quarantined") == 0)
      #expect(server.terminate() == .code(0), "\(server.log)")
    }

    @Test("What a hook in this process refuses is not shown to one in another")
    func order() throws {
      let isolated = try IsolatedServer(
        [("five-kinds", "inproc"), ("roles", "isolated")], intakeMilliseconds: 10_000)
      defer { isolated.remove() }
      let server = isolated.server
      let target = "/i?app_key=\(server.keys.appKey)&device_id=d"
      #expect(try server.connect().get(target + "&refuse=418&ask=refuse").status == 418)
      #expect(try server.connect().get(target + "&note=x&ask=refuse").status == 403)
      #expect(try server.connect().get(target + "&note=y&ask=describe").status == 200)
      #expect(try server.metric("tally_plugin_roles_asked_total") == 2)
      try server.settle()
      let moods = try isolated.answer("method=five&period=60days&by=mood")
      #expect(moods.contains("y"), "\(moods)")
      #expect(try isolated.answer("method=roles&period=60days&by=note").contains("device d"))
      #expect(server.terminate() == .code(0), "\(server.log)")
    }
  }
}
