import Foundation
import Harness
import Testing

extension EndToEnd {
  /// What few requests ask for, where an intake hook in a process of its own looks at all of them.
  @Suite(.serialized) struct IsolatedWishTests {
    private static let gif = Array("GIF89a of ada".utf8)

    private func picture(_ server: TallyServer) throws -> HTTPReply {
      let field = "--b7\r\nContent-Disposition: form-data; name=\"user_details\"\r\n\r\n{}\r\n"
      let file =
        "--b7\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.gif\"\r\n\r\n"
      return try server.connect().send(
        "POST", "/i?app_key=\(server.keys.appKey)&device_id=ada&ask=nothing&safe_api_response=1",
        headers: ["Content-Type: multipart/form-data; boundary=b7"],
        body: Array((field + file).utf8) + Self.gif + Array("\r\n--b7--\r\n".utf8))
    }

    @Test("Scripts, safe answers, pictures and redirects are what they are without one")
    func wishes() throws {
      let isolated = try IsolatedServer([("roles", "isolated")], intakeMilliseconds: 10_000)
      defer { isolated.remove() }
      let server = isolated.server
      let query = "/i?app_key=\(server.keys.appKey)&device_id=d1"
      #expect(
        try server.connect().get("\(query)&ask=nothing&callback=f").text
          == #"f({"result":"Success"})"#)
      let refused = try server.connect().get("\(query)&ask=refuse&callback=f&safe_api_response=1")
      #expect(refused.status == 403)
      #expect(refused.text == "f({\"result\":\"\\\"no\\\" Ω\"})")
      #expect(refused.headers["content-type"] == "text/javascript; charset=utf-8")
      #expect(try picture(server).text == #"{"result":"Success"}"#)
      let user = try JSON(try server.ask("method=user_details&did=ada").text)
      let address = try #require(user["picture"]?.string)
      let ids = "api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)"
      #expect(try server.connect().get("\(address)?\(ids)").body == Self.gif)
      #expect(try server.metric("tally_pictures_kept_total") == 1)
      let args = "{\"app_id\":\"\(server.keys.appID)\",\"redirect_url\":\"http://localhost:1\"}"
      #expect(
        try server.connect().send(
          "POST", "/i/apps/update?\(ids)", headers: ["Content-Type: application/json"],
          body: Array("{\"args\":\(args)}".utf8)
        ).status == 200)
      #expect(
        try server.connect().get("\(query)&callback=f").text
          == #"f({"result":"Redirect error. Tried to redirect to:http://localhost:1"})"#)
      #expect(try server.metric("tally_plugin_roles_asked_total") == 3)
      #expect(server.terminate() == .code(0), "\(server.log)")
    }
  }
}
