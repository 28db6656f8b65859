import Foundation
import Harness
import Testing

extension EndToEnd {
  @Suite(.serialized) struct DemoTests {
    private func demo(_ server: TallyServer, _ more: String...) throws -> (Bool, String) {
      let (status, output) = try Subprocess.run(
        [TallyServer.binary, "demo", "--data", server.dataPath] + more)
      return (status == .code(0), output)
    }

    private func fill(_ server: TallyServer) throws -> JSON {
      let (isDone, output) = try demo(
        server, "--users", "20", "--days", "5", "--address", "127.0.0.1:\(server.port)", "--json")
      #expect(isDone, "\(output)")
      let line = output.split(separator: "\n").last { $0.hasPrefix("{") }
      return try JSON(try #require(line, "\(output)"))
    }

    private func ledger(_ server: TallyServer) throws -> [JSON] {
      let reply = try server.connect().get("/o/ledger?api_key=\(server.keys.apiKey)")
      return try JSON(reply.text)["apps"]?.array ?? []
    }

    @Test("The demo comes through the real intake, is counted, and leaves nothing behind")
    func whole() throws {
      let server = try TallyServer()
      try server.start()
      let own = "/i?app_key=\(server.keys.appKey)&device_id=mine&begin_session=1"
      #expect(try server.connect().get(own).status == 200)
      let made = try fill(server)
      try server.settle()
      let apps = made["apps"]?.array ?? []
      #expect(apps.count == 3)
      for app in apps {
        let id = try #require(app["app_id"]?.string)
        let base = "/o?api_key=\(server.keys.apiKey)&app_id=\(id)&period=30days&method="
        let users = try JSON(server.connect().get(base + "users").text)
        let views = try JSON(server.connect().get(base + "views&action=getTable").text)
        #expect(users.text.contains("\"t\":") && users.text.contains("\"u\":"))
        #expect(!views.text.isEmpty)
      }
      let stored = try ledger(server).compactMap { $0["stored"]?.number }.reduce(0, +)
      #expect(stored == (made["requests"]?.number ?? 0) + 1)
      #expect(try demo(server, "--days", "1").1.contains("demo --remove"))
      try remove(server, apps)
    }

    /// What is left is what was there before, in every file; and the demo can come again.
    private func remove(_ server: TallyServer, _ apps: [JSON]) throws {
      let (isGone, output) = try demo(server, "--remove")
      #expect(isGone, "\(output)")
      for app in apps {
        let id = try #require(app["app_id"]?.string)
        let reply = try server.connect().get(
          "/o?api_key=\(server.keys.apiKey)&app_id=\(id)&method=users")
        #expect(reply.status == 401, "\(reply.text)")
      }
      #expect(try server.ask("method=users&period=30days").text.contains("\"t\":1"))
      // The books keep what was accepted.
      for line in try ledger(server) {
        #expect(line["accepted"] == line["stored"], "\(line.text)")
        #expect(line["pending"] == .number(0))
      }
      #expect(try !demo(server, "--remove").0)
      _ = try fill(server)
      #expect(try demo(server, "--remove").0)
      #expect(server.terminate() == .code(0))
      let (_, verified) = try Subprocess.run(
        [TallyServer.binary, "verify", "--data", server.dataPath])
      #expect(verified.contains("users 1\n") && verified.contains("raw rows 1,"), "\(verified)")
      #expect(verified.contains("sound"), "\(verified)")
    }
  }
}
