import Foundation
import Harness
import Testing

extension EndToEnd {
  /// Who changed what of the configuration.
  @Suite(.serialized) struct AuditTests {
    private static let secret = "opensesame"

    private func get(_ server: TallyServer, _ path: String, _ query: String = "") throws -> String {
      let reply = try server.connect(seconds: 20).get(
        "\(path)?api_key=\(server.keys.apiKey)\(query)")
      #expect(reply.status == 200, "\(reply.text)")
      return reply.text
    }

    /// "way by what: before -> after", oldest first.
    private func lines(_ server: TallyServer) throws -> [String] {
      let rows = try JSON(get(server, "/o/audit")).array ?? []
      return try rows.reversed().map { row in
        #expect(row["action"]?.string == "configuration.changed")
        #expect((row["at_ms"]?.number ?? 0) > 1_600_000_000_000)
        let detail = try JSON(row["detail"]?.string ?? "")
        let by = detail["by"]?.string ?? "?"
        let member = row["member_name"]?.string.map { " as \($0)" } ?? ""
        let app = row["app_id"]?.string.map { " app \($0)" } ?? ""
        return
          "\(detail["way"]?.string ?? "?") \(by)\(member)\(app) \(detail["what"]?.string ?? "?"): "
          + "\(detail["before"]?.string ?? "-") -> \(detail["after"]?.string ?? "-")"
      }
    }

    private func wait(_ server: TallyServer, for count: Int) throws -> [String] {
      let deadline = Clock.now + 10
      var found = try lines(server)
      while found.count < count, Clock.now < deadline {
        usleep(20_000)
        found = try lines(server)
      }
      return found
    }

    private func edit(_ server: TallyServer, _ old: String, _ new: String) throws {
      let text = try Files.text(server.configPath)
      #expect(text.contains(old), "\(text)")
      try Files.write(text.replacing(old, with: new), to: server.configPath)
    }

    @Test("An order about users has a line: which member, what, and the users by number")
    func users() throws {
      let server = try TallyServer()
      try server.start()
      let app = "&app_id=\(server.keys.appID)"
      let ada = "&query=%7B%22did%22:%22ada%22%7D"
      _ = try get(server, "/i/app_users/create", app + "&data=%7B%22did%22:%22ada%22%7D")
      _ = try get(server, "/i/app_users/update", app + ada + "&update=%7B%22name%22:%22Ada%22%7D")
      _ = try get(server, "/i/app_users/export", app + ada)
      let export = "/i/app_users/deleteExport/appUser_\(server.keys.appID)_1"
      _ = try get(server, export, app)
      _ = try get(server, "/i/app_users/delete", app + ada)
      let text = try get(server, "/o/audit")
      let rows = try JSON(text).array ?? []
      #expect(
        rows.reversed().map { $0["action"]?.string } == [
          "user.created", "user.updated", "user.exported", "user.export-deleted", "user.deleted",
        ])
      #expect(rows.allSatisfy { $0["member_name"]?.string == "owner" }, "\(text)")
      #expect(rows.allSatisfy { $0["app_id"]?.string == server.keys.appID }, "\(text)")
      #expect(rows.allSatisfy { $0["detail"]?.string == #"{"count":1,"users":["1"]}"# }, "\(text)")
      #expect(!text.lowercased().contains("ada"), "\(text)")
      #expect(server.terminate() == .code(0))
    }

    @Test("Each change has one line: who, what, before and after, and no secret")
    func changes() throws {
      let server = try FixtureServer.make("talkative", more: ", token: \(Self.secret)")
      let app = server.keys.appID
      try server.start()
      #expect(try lines(server) == [])
      let set = "&configs=%7B%22talkative%22:%7B"
      _ = try get(server, "/i/configs", set + "%22limit_max%22:3%7D%7D")
      _ = try get(server, "/i/configs", set + "%22token%22:%22openses-two%22%7D%7D")
      _ = try get(server, "/i/configs", "&app_id=\(app)" + set + "%22limit_max%22:9%7D%7D")
      let api = "api owner as owner"
      var expected = [
        "\(api) plugins.talkative.limit_max: 5 -> 3",
        "\(api) plugins.talkative.token: (secret) -> (secret)",
        "\(api) app \(app) plugins.talkative.apps.\(app).limit_max: 3 -> 9",
      ]
      #expect(try lines(server) == expected)
      try edit(server, "limit_max: 3", "limit_max: 4, order: { phase: late }")
      expected += [
        "file  plugins.talkative.limit_max: 3 -> 4",
        "file  plugins.talkative.order: - -> phase 500",
      ]
      #expect(try wait(server, for: expected.count) == expected)
      let (status, output) = try Subprocess.run([
        TallyServer.binary, "plugin", "disable", "talkative", "--data", server.dataPath, "--config",
        server.configPath,
      ])
      #expect(status == .code(0), "\(output)")
      expected.append(
        "command tally plugin disable talkative (uid \(getuid())) plugins.talkative.enabled: "
          + "true -> false")
      #expect(try wait(server, for: expected.count) == expected)
      _ = try get(server, "/i/plugins", "&plugin=%7B%22talkative%22:true%7D")
      expected.append("\(api) plugins.talkative.enabled: false -> true")
      #expect(try wait(server, for: expected.count) == expected)
      #expect(server.terminate() == .code(0))
      try edit(server, "openses-two", "openses-three")
      try server.start()
      expected.append("start  plugins.talkative.token: (secret) -> (secret)")
      #expect(try wait(server, for: expected.count) == expected)
      #expect(try !get(server, "/o/audit").contains("openses"))
      #expect(server.terminate() == .code(0))
      // A safe start changes nothing, and the start behind it neither.
      try server.launch(arguments: ["--safe"])
      #expect(server.waitUntilReady())
      #expect(server.terminate() == .code(0))
      try server.start()
      #expect(try wait(server, for: expected.count) == expected)
      #expect(server.terminate() == .code(0))
    }
  }
}
