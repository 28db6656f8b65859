import Foundation
import Harness
import Testing

extension EndToEnd {
  /// What lifecycle hooks hear of.
  @Suite(.serialized) struct HappeningTests {
    private func lines(_ server: TallyServer) -> [String] {
      ((try? Files.text(server.folder + "/heard")) ?? "").split(separator: "\n").map(String.init)
    }

    private func expect(_ server: TallyServer, _ expected: [String]) {
      let deadline = Clock.now + 10
      while lines(server).count < expected.count, Clock.now < deadline { usleep(10_000) }
      #expect(lines(server) == expected, "\(server.log.suffix(2_000))")
    }

    @Test("Changed settings are told with their names and without values, everywhere or for an app")
    func settings() throws {
      let server = try FixtureServer.make("hears", more: ", label: secret-one")
      let environment = ["HEARS_FILE": server.folder + "/heard"]
      try server.start(environment: environment)
      let text = try Files.text(server.configPath)
      let both = text.replacing("secret-one", with: "secret-two, limit_max: 7")
      try Files.write(both, to: server.configPath)
      let all = "7 app 0  name hears detail {\"changed\":[\"label\",\"limit_max\"]} at a time"
      expect(server, [all])
      let app = server.keys.appID
      let configs = "%7B%22hears%22:%7B%22label%22:%22secret-three%22%7D%7D"
      let reply = try server.connect(seconds: 20).get(
        "/i/configs?api_key=\(server.keys.apiKey)&app_id=\(app)&configs=\(configs)")
      #expect(reply.status == 200, "\(reply.text)")
      let own = "7 app 1 \(app) name hears detail {\"changed\":[\"label\"]} at a time"
      expect(server, [all, own])
      // Neither a comment nor what the host reads itself is a setting.
      try Files.write(
        "# Nothing.\n"
          + (try Files.text(server.configPath))
          .replacing("enabled: true", with: "order: { phase: late }, enabled: true"),
        to: server.configPath)
      usleep(700_000)
      expect(server, [all, own])
      #expect(server.terminate() == .code(0))
      // What changes while the server is down is not told.
      try Files.write(text, to: server.configPath)
      try server.start(environment: environment)
      usleep(300_000)
      expect(server, [all, own])
      #expect(server.terminate() == .code(0))
    }
  }
}
