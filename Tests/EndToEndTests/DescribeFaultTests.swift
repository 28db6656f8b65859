import Foundation
import Harness
import Testing

extension IsolatedEndToEnd {
  /// Plugins that cannot tell of a user.
  @Suite(.serialized) struct DescribeFaultTests {
    @Test(
      "Why a plugin could not tell of a user is said once, and counted each time",
      arguments: ["inproc", "isolated"])
    func saidOnce(_ mode: String) throws {
      let isolated = try IsolatedServer([("roles", mode)])
      defer { isolated.remove() }
      let server = isolated.server
      try isolated.accept([
        .init(device: "silent", minute: 0, members: ["roles_how": "\"describe-fail\""]),
        .init(device: "told", minute: 1, members: ["roles_how": "\"nothing\""]),
      ])
      for _ in 0..<3 {
        let users = try server.ask("method=user_details")["aaData"]?.array ?? []
        let told = users.filter { $0["roles"]?.string == "told" }.compactMap { $0["did"]?.string }
        #expect(users.count == 2 && told == ["told"], "\(users)")
      }
      let lines = server.log.split(separator: "\n").filter {
        $0.contains("could not tell of a user")
      }
      #expect(lines.count == 1, "\(lines)")
      #expect(lines[0].contains("plugin=roles") && lines[0].contains("status -1: asked to fail"))
      let reply = try server.connect().get("/o/plugins?api_key=\(server.keys.apiKey)")
      let row = try #require(JSON(reply.text).array?.first { $0["code"]?.string == "roles" })
      #expect(row["other_calls"]?["describe"]?["errors"]?.number == 3, "\(row)")
      #expect(server.terminate() == .code(0))
    }
  }
}
