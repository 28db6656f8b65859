import Foundation
import Harness
import Testing

extension EndToEnd {
  /// A member's rights over the wire, from making them to deleting them.
  @Suite(.serialized) struct MemberTests {
    private let server: TallyServer

    init() throws {
      server = try TallyServer()
      try server.start()
    }

    private func order(_ path: String, _ arguments: [String: Any], key: String? = nil) throws
      -> HTTPReply
    {
      let body: [String: Any] = ["api_key": key ?? server.keys.apiKey, "args": arguments]
      return try server.connect(seconds: 30).send(
        "POST", path, headers: ["Content-Type: application/json"],
        body: Array(try JSONSerialization.data(withJSONObject: body)))
    }

    private func read(_ key: String) throws -> HTTPReply {
      try server.connect(seconds: 30).get(
        "/o?method=users&app_id=\(server.keys.appID)&api_key=\(key)")
    }

    private func text(_ name: String, _ reply: HTTPReply) throws -> String {
      guard let text = try JSON(reply.text)[name]?.string else {
        throw HarnessError("no \(name): \(reply.text)")
      }
      return text
    }

    @Test("Rights that are given or taken hold for the next request, and over a restart")
    func rights() throws {
      let made = try order(
        "/i/users/create",
        ["full_name": "B", "username": "bob", "password": "Secret-1", "email": "b@x.org"])
      let (id, key) = (try text("_id", made), try text("api_key", made))
      #expect(try read(key).status == 401)
      #expect(try order("/o/users/all", [:], key: key).status == 401)
      let given = try order("/i/users/update", ["user_id": id, "user_of": [server.keys.appID]])
      #expect(given.text == #"{"result":"Success"}"#)
      #expect(try read(key).text == "{}")
      #expect(server.terminate() == .code(0))
      try server.start()
      #expect(try read(key).status == 200)
      _ = try order("/i/users/update", ["user_id": id, "locked": true])
      #expect(try read(key).text == #"{"result":"User is locked"}"#)
      _ = try order("/i/users/update", ["user_id": id, "locked": false])
      #expect(try read(key).status == 200)
      #expect(
        try order("/i/users/delete", ["user_ids": [id]]).text == #"{"result":"Success"}"#)
      #expect(try read(key).text == #"{"result":"User does not exist"}"#)
      let audit = try server.connect(seconds: 30).get("/o/audit?api_key=\(server.keys.apiKey)").text
      #expect(audit.contains("member.created") && audit.contains("member.deleted"))
      #expect(!audit.contains("Secret-1") && !audit.contains(key))
    }

    @Test("The last global administrator keeps the account")
    func last() throws {
      let own = try server.connect(seconds: 30).get("/o/users/me?api_key=\(server.keys.apiKey)")
      let id = try text("_id", own)
      let changes: [[String: Any]] = [
        ["user_id": id, "locked": true], ["user_id": id, "global_admin": false],
      ]
      for change in changes {
        let refused = try order("/i/users/update", change)
        #expect(refused.text == #"{"result":"global admin limit"}"#)
      }
      #expect(try order("/i/users/delete", ["user_ids": [id]]).status == 200)
      #expect(try read(server.keys.apiKey).status == 200)
    }
  }
}
