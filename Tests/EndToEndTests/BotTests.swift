import Harness
import Testing

extension EndToEnd {
  @Suite(.serialized) struct BotTests {
    private static func config(_ mode: String) -> String {
      TallyServer.everything + "  user-agent: { enabled: true, mode: \(mode) }\n"
    }

    /// What Googlebot sends, as JSON in a query.
    private static let robot =
      "%7B%22_ua%22:%22Mozilla/5.0%20(compatible;%20Googlebot/2.1)%22%7D"

    private func begin(_ server: TallyServer, metrics: String = "%7B%7D") throws {
      let device = "app_key=\(server.keys.appKey)&device_id=d"
      let target = "/i?\(device)&begin_session=1&metrics=\(metrics)"
      #expect(try server.connect().get(target).status == 200)
    }

    private func bots(_ server: TallyServer) throws -> Double {
      guard case .object(let years) = try server.ask("method=bots&period=30days") else { return 0 }
      return years.values.compactMap { $0["t"]?.number }.reduce(0, +)
    }

    private func live(_ server: TallyServer) throws -> [Double?] {
      let keys = server.keys
      let target = "/o/live?api_key=\(keys.apiKey)&app_id=\(keys.appID)"
      let answer = try JSON(server.connect().get(target).text)
      return ["online", "users", "new_users", "sessions"].map { answer[$0]?.number }
    }

    private func users(_ server: TallyServer) throws -> [String?] {
      let rows = try server.ask("method=user_details")["aaData"]?.array ?? []
      return rows.map { $0["did"]?.string }
    }

    @Test(
      "A bot is nobody, behind restarts too, until its device sends what people send",
      arguments: ["inproc", "isolated"])
    func nobody(mode: String) throws {
      let server = try TallyServer(config: Self.config(mode))
      try server.start()
      for _ in 1...3 {
        try begin(server, metrics: Self.robot)
        #expect(try live(server) == [0, 0, 0, 0])
        #expect(try users(server) == [])
        #expect(server.terminate() == .code(0))
        try server.start()
      }
      #expect(try bots(server) == 3)
      try begin(server)
      #expect(try live(server) == [1, 1, 1, 1])
      #expect(try users(server) == ["d"])
      // Somebody who was seen stays somebody.
      try begin(server, metrics: Self.robot)
      #expect(try bots(server) == 4)
      #expect(try users(server) == ["d"])
      server.kill()
      try server.start()
      #expect(try users(server) == ["d"])
      #expect(try live(server) == [1, 1, 1, 1])
    }
  }
}
