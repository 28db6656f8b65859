import Foundation
import Harness
import Testing

extension EndToEnd {
  /// A server on an empty data folder, and the person who started it.
  @Suite(.serialized) struct FirstOwnerTests {
    private let folder: String
    private let port: UInt16

    init() throws {
      folder = try Files.temporaryFolder()
      port = try Ports.free()
    }

    private var log: String { (try? Files.text(folder + "/log")) ?? "" }

    private func serve() throws -> Subprocess {
      let process = try Subprocess(
        [
          TallyServer.binary, "serve", "--data", folder + "/data", "--listen", "127.0.0.1:\(port)",
          "--safe",
        ], logPath: folder + "/log", workingDirectory: folder)
      let isReady = Patience.wait {
        (try? HTTPConnection(port: port).get("/o/ping"))?.status == 200
      }
      #expect(isReady, "\(log)")
      return process
    }

    private func send(_ method: String, _ target: String, _ form: String? = nil) throws -> HTTPReply
    {
      try HTTPConnection(port: port, seconds: 30).send(
        method, target, headers: ["Content-Type: application/x-www-form-urlencoded"],
        body: form.map { Array($0.utf8) })
    }

    @Test("The owner chooses name and password at the link of the first start, once, and signs in")
    func owner() throws {
      defer { Files.remove(folder) }
      let process = try serve()
      #expect(Patience.wait { log.contains("/setup?token=") })
      let found = log.firstMatch(of: /http:\/\/127\.0\.0\.1:(\d+)\/setup\?token=([0-9a-f]{40})/)
      let link = try #require(found)
      #expect(String(link.1) == "\(port)")
      let token = String(link.2)
      #expect(try send("GET", "/setup?token=\(token)").text.contains("value=\"owner\""))
      func choose() throws -> HTTPReply {
        try send("POST", "/setup", "token=\(token)&username=Ada&password=Secret-1")
      }
      #expect(try choose().headers["location"] == "/login?message=login.chosen")
      #expect(try choose().status == 404)
      let basic = "Authorization: Basic \(Data("Ada:Secret-1".utf8).base64EncodedString())"
      let key = try HTTPConnection(port: port, seconds: 30).send(
        "GET", "/api-key", headers: [basic])
      #expect(
        key.status == 200 && log.contains(key.text), "the key that was printed is the owner's")
      process.killAndWait()
      let again = try serve()
      defer { again.killAndWait() }
      #expect(log.components(separatedBy: "/setup?token=").count == 2, "it is printed once")
    }

    @Test("A name that would be another line of the log stays in its own")
    func lines() throws {
      let server = try TallyServer()
      try server.start()
      func make(_ name: String) throws -> HTTPReply {
        let arguments: [String: Any] = [
          "api_key": server.keys.apiKey,
          "args": [
            "full_name": "x", "username": name, "password": "Secret-1", "email": "eve@x.org",
          ],
        ]
        return try server.connect(seconds: 30).send(
          "POST", "/i/users/create", headers: ["Content-Type: application/json"],
          body: Array(try JSONSerialization.data(withJSONObject: arguments)))
      }
      for end in ["\n", "\r", "\u{2028}", "\u{85}"] {
        #expect(try make("eve\(end)2026-11-22 critical forged").status == 400)
      }
      // What turns the rest of a line around is a name's, and not the log's.
      #expect(try make("eve\u{202E}2026-11-22 critical forged").status == 200)
      let basic = "Authorization: Basic \(Data("eve@x.org:wrong".utf8).base64EncodedString())"
      let refused = try server.connect(seconds: 30).send("GET", "/api-key", headers: [basic])
      #expect(refused.status == 401)
      #expect(Patience.wait { server.log.contains("login failed") })
      #expect(server.log.contains("eve?2026-11-22 critical forged"))
      #expect(!server.log.split(separator: "\n").contains { $0.hasPrefix("2026-11-22 critical") })
    }
  }
}
