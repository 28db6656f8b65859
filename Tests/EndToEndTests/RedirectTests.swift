import Foundation
import Harness
import Testing

extension EndToEnd {
  /// An app that moved to another server.
  @Suite(.serialized) struct RedirectTests {
    private static let near = """
      host:
        outgoing_allow: 127.0.0.1

      """

    /// Two servers that have the same app, as after a move.
    private func pair() throws -> (TallyServer, TallyServer) {
      let (old, new) = (try TallyServer(config: Self.near), try TallyServer(config: Self.near))
      Files.remove(new.dataPath)
      try FileManager.default.copyItem(atPath: old.dataPath, toPath: new.dataPath)
      return (old, new)
    }

    private func update(
      _ server: TallyServer, _ keys: TallyServer.Keys, _ change: String
    ) throws -> HTTPReply {
      let args = "{\"app_id\":\"\(keys.appID)\",\(change)}"
      return try server.connect().send(
        "POST", "/i/apps/update?api_key=\(keys.apiKey)",
        headers: ["Content-Type: application/json"],
        body: Array("{\"args\":\(args)}".utf8))
    }

    private func redirect(
      _ server: TallyServer, _ keys: TallyServer.Keys, to url: String
    ) throws {
      let reply = try update(server, keys, "\"redirect_url\":\"\(url)\"")
      #expect(reply.status == 200, "\(reply.text)")
    }

    /// The devices d1 to d5 that a server knows.
    private func devices(_ server: TallyServer, _ keys: TallyServer.Keys) throws -> [String] {
      try (1...5).map { "d\($0)" }.filter { device in
        let user = try server.connect(seconds: 30).get(
          "/o?method=user_details&did=\(device)&api_key=\(keys.apiKey)&app_id=\(keys.appID)")
        return user.text.contains("\"did\":\"\(device)\"")
      }
    }

    @Test("What an app gets goes where the app moved, and is counted there alone")
    func moved() throws {
      let (old, new) = try pair()
      let keys = old.keys
      for server in [old, new] { try server.start() }
      let target = "http://127.0.0.1:\(new.port)"
      try redirect(old, keys, to: target)
      let now = Clock.unixMilliseconds - 60_000
      let ids = "app_key=\(keys.appKey)&timestamp=\(now)&begin_session=1"
      let told = "{\"result\":\"Success\",\"info\":\"Request ignored: Redirected: \(target)\"}"
      #expect(try old.connect().get("/i?\(ids)&device_id=d1").text == told)
      let form = ["Content-Type: application/x-www-form-urlencoded"]
      #expect(
        try old.connect().send(
          "POST", "/i", headers: form, body: Array("\(ids)&device_id=d2".utf8)
        ).text == told)
      let bulk =
        "app_key=\(keys.appKey)&requests=[{\"device_id\":\"d3\",\"timestamp\":\(now),"
        + "\"begin_session\":1}]"
      #expect(
        try old.connect().send("POST", "/i/bulk", headers: form, body: Array(bulk.utf8)).text
          == told)
      // A safe request is told what the other one says.
      #expect(
        try old.connect().get("/i?\(ids)&device_id=d4&safe_api_response=1").text
          == "{\"result\":\"Success\"}")
      #expect(try devices(new, keys) == ["d1", "d2", "d3", "d4"])
      #expect(try devices(old, keys) == [])
      #expect(try old.metric("tally_items_accepted_total") == 0)
      #expect(try old.metric("tally_requests_redirected_total") == 4)
      try redirect(old, keys, to: "")
      #expect(
        try old.connect().get("/i?\(ids)&device_id=d5").text == "{\"result\":\"Success\"}")
      #expect(try devices(old, keys) == ["d5"])
      for server in [old, new] { #expect(server.terminate() == .code(0)) }
    }

    @Test("Two servers that redirect to each other answer at once, and nothing goes round")
    func loop() throws {
      let (old, new) = try pair()
      let keys = old.keys
      for server in [old, new] { try server.start() }
      try redirect(old, keys, to: "http://127.0.0.1:\(new.port)")
      try redirect(new, keys, to: "http://127.0.0.1:\(old.port)/")
      let reply = try old.connect().get("/i?app_key=\(keys.appKey)&device_id=d1")
      #expect(reply.status == 400)
      #expect(
        reply.text
          == "{\"result\":\"Redirect error. Tried to redirect to:http://127.0.0.1:\(new.port)\"}")
      #expect(try new.metric("tally_requests_refused_total") == 1)
      for server in [old, new] { #expect(server.terminate() == .code(0)) }
    }

    @Test("A server that is not there, or does not speak like one, makes no success")
    func gone() throws {
      let server = try TallyServer(config: Self.near)
      try server.start()
      let keys = server.keys
      for target in ["http://127.0.0.1:\(try Ports.free())", "http://127.0.0.1:\(server.port)/o"] {
        try redirect(server, keys, to: target)
        for more in ["", "&safe_api_response=1", "&callback=f"] {
          let reply = try server.connect().get("/i?app_key=\(keys.appKey)&device_id=d1\(more)")
          #expect(reply.status == 400, "\(target) \(more) \(reply.text)")
        }
      }
      #expect(server.terminate() == .code(0))
    }

    @Test("Nothing is sent to an address that is not public")
    func notPublic() throws {
      let server = try TallyServer()
      try server.start()
      let keys = server.keys
      for target in [
        "http://127.0.0.1:\(server.port)", "https://[::1]/", "http://10.0.0.1", "ftp://example.org",
        "example.org", "http://a:b@example.org", "http://example.org/?a=1", "http://example.org/#a",
        "http://169.254.169.254", "http://exa mple.org",
      ] {
        let reply = try update(server, keys, "\"redirect_url\":\"\(target)\"")
        #expect(reply.status == 400, "\(target)")
        #expect(reply.text == "{\"result\":\"Invalid props: redirect_url\"}")
      }
      // A name is judged by what it leads to.
      try redirect(server, keys, to: "http://localhost:\(server.port)")
      let reply = try server.connect().get("/i?app_key=\(keys.appKey)&device_id=d1")
      #expect(reply.status == 400, "\(reply.text)")
      #expect(server.terminate() == .code(0))
    }
  }
}
