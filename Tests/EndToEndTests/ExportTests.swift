import Foundation
import Harness
import Testing

extension EndToEnd {
  @Suite(.serialized) struct ExportTests {
    private func ask(_ server: TallyServer, _ path: String, _ query: String) throws -> HTTPReply {
      let keys = "api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)"
      return try server.connect().get("\(path)?\(keys)&\(query)")
    }

    @Test("An export of several users has what each of them sent, and goes with its app")
    func several() throws {
      let server = try TallyServer()
      try server.start()
      for request in [
        "device_id=a&user_details=%7B%22gender%22:%22F%22%7D", "device_id=a&nonce=1",
        "device_id=b&user_details=%7B%22gender%22:%22F%22%7D", "device_id=c&nonce=2",
      ] {
        let target = "/i?app_key=\(server.keys.appKey)&\(request)"
        #expect(try server.connect().get(target).status == 200)
      }
      let query = "query=%7B%22gender%22:%22F%22%7D"
      let made = try JSON(ask(server, "/i/app_users/export", query).text)
      let name = try #require(made["result"]?.string)
      let path = server.dataPath + "/exports/" + name
      let file = try JSON(Files.text(path))
      let devices = (file["app_users"]?.array ?? []).compactMap { $0["did"]?.string }
      #expect(devices.sorted() == ["a", "b"])
      let sent = (file["users"]?.array ?? []).map { user in
        (user["requests"]?.array ?? []).count
      }
      #expect(sent.sorted() == [1, 2])
      let reset = "args=%7B%22app_id%22:%22\(server.keys.appID)%22,%22period%22:%22reset%22%7D"
      #expect(try ask(server, "/i/apps/reset", reset).status == 200)
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }
}
