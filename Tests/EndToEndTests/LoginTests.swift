import Foundation
import Harness
import Testing

extension EndToEnd {
  /// The login over the wire, as a browser and as clients of the dashboard's process do it.
  @Suite(.serialized) struct LoginTests {
    private let server: TallyServer

    init() throws {
      server = try TallyServer()
      try server.start()
    }

    private func send(
      _ method: String, _ path: String, _ form: String? = nil, cookie: String = "",
      more: [String] = []
    ) throws -> HTTPReply {
      let type = "Content-Type: application/x-www-form-urlencoded"
      return try server.connect(seconds: 30).send(
        method, path, headers: ["Cookie: a=b; \(cookie)", type] + more,
        body: form.map { Array($0.utf8) })
    }

    private func cookie(_ reply: HTTPReply) -> String {
      String((reply.headers["set-cookie"] ?? "").prefix { $0 != ";" })
    }

    private func csrf(_ reply: HTTPReply) throws -> String {
      guard let found = reply.text.firstMatch(of: /value="([0-9a-f-]{36})" name="_csrf"/) else {
        throw HarnessError("no form: \(reply.status) \(reply.text)")
      }
      return String(found.1)
    }

    @Test("In and out, with the numbers clients read from the tokens")
    func session() throws {
      let form = try send("GET", "/login")
      #expect(form.headers["content-type"] == "text/html; charset=utf-8")
      let fields = "username=owner&password=Secret-Passw0rd&_csrf=\(try csrf(form))"
      let login = try send("POST", "/login", fields, cookie: cookie(form))
      #expect(login.status == 302 && login.headers["location"] == "/dashboard")
      let own = cookie(login)
      let list = try server.connect().get("/o/token/list?api_key=\(server.keys.apiKey)")
      #expect(list.text.contains(#""multi":true"#) && list.text.contains(#""ttl":1800"#))
      #expect(list.text.contains(#""purpose":"LoggedInAuth""#))
      let page = try send("GET", "/dashboard", cookie: own)
      #expect(page.status == 200)
      #expect(page.text.contains(#"countlyGlobal["csrf_token"] = ""# + (try csrf(page)) + "\""))
      #expect(try send("GET", "/o/users/me", cookie: own).text.contains(server.keys.apiKey))
      #expect(try send("POST", "/i/token/create", "ttl=0", cookie: own).status == 403)
      let header = "X-CSRF-Token: \(try csrf(page))"
      let made = try send("POST", "/i/token/create", "ttl=0", cookie: own, more: [header])
      #expect(made.status == 200)
      let out = try send("POST", "/logout", "_csrf=\(try csrf(page))", cookie: own)
      #expect(out.status == 302 && out.headers["location"] == "/login")
      #expect(try send("GET", "/dashboard", cookie: own).headers["location"] == "/login")
      let rest = try server.connect().get("/o/token/list?api_key=\(server.keys.apiKey)")
      #expect(!rest.text.contains("LoggedInAuth"))
    }

    @Test("What a request says of the server's name is in no page, no link and no redirect")
    func hostHeader() throws {
      func ask(_ lines: String) throws -> HTTPReply {
        try server.connect(seconds: 30).exchange(
          Array((lines + "\r\nHost: evil.org\r\nX-Forwarded-Host: evil.org\r\n\r\n").utf8))
      }
      for target in ["/login", "/dashboard", "/setup?token=x", "/reset?token=x", "/api-key"] {
        let reply = try ask("GET \(target) HTTP/1.1")
        let all = reply.text + reply.headers.values.joined(separator: "\n")
        #expect(!all.contains("evil.org"), "\(target)")
        #expect(reply.headers["x-frame-options"] == "deny")
        #expect(reply.headers["x-content-type-options"] == "nosniff")
        #expect(reply.headers["location"].map { $0 == "/login" } ?? true)
      }
      let away = try ask("GET /login?next=//evil.org&message=//evil.org HTTP/1.1")
      #expect(!away.text.contains("evil.org"))
    }

    @Test("A member who forgot the password gets a link from the operator, once")
    func reset() throws {
      let command = [
        TallyServer.binary, "member", "reset", "owner", "--data", server.dataPath, "--config",
        server.configPath, "--json",
      ]
      let (status, output) = try Subprocess.run(command)
      #expect(status == .code(0), "\(output)")
      let link = try JSON(String(output.split(separator: "\n").last ?? ""))["link"]?.string ?? ""
      let target = String(link.drop { $0 != "?" })
      #expect(link.contains("/reset?token=") && link.hasPrefix("http://127.0.0.1:"))
      #expect(try send("GET", "/reset" + target).status == 200)
      let chosen = try send("POST", "/reset" + target, "password=Another-1")
      #expect(chosen.headers["location"] == "/login?message=login.chosen")
      func key(_ password: String) throws -> HTTPReply {
        let text = Data("owner:\(password)".utf8).base64EncodedString()
        return try send("GET", "/api-key", more: ["Authorization: Basic \(text)"])
      }
      #expect(try key("Another-1").text == server.keys.apiKey)
      let wrong = try key("Secret-Passw0rd")
      #expect(wrong.status == 401 && wrong.text == "-1")
      #expect(wrong.headers["www-authenticate"] == "Basic realm=Authorization Required")
      let unknown = try Subprocess.run(command.map { $0 == "owner" ? "nobody" : $0 })
      #expect(unknown.0 != .code(0) && unknown.1.contains("there is no member"))
      #expect(server.terminate() == .code(0))
      #expect(try Subprocess.run(command).0 == .code(0))
    }

    @Test("A signed token stands for its member by its header, and makes nothing that lasts")
    func signed() throws {
      let made = try server.connect().get("/i/token/jwt?api_key=\(server.keys.apiKey)")
      let token = try #require(try JSON(made.text)["result"]?.string)
      let bearer = "Authorization: Bearer \(token)"
      let own = try send("GET", "/o/users/me", more: [bearer])
      #expect(own.status == 200 && !own.text.contains(server.keys.apiKey))
      for path in ["/i/token/jwt", "/i/token/create"] {
        #expect(try send("GET", path, more: [bearer]).status == 401)
      }
      let wrong = try send("GET", "/o/users/me", more: [bearer + "x"])
      #expect(wrong.status == 400 && wrong.text == #"{"result":"Token not valid"}"#)
    }
  }
}
