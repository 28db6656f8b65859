import Foundation
import Harness
import Testing

extension EndToEnd {
  /// A plugin that says its secrets wherever it can, and a search through everything the server
  /// wrote and answered.
  @Suite(.serialized) struct SecretTests {
    /// One is the beginning of the other; cut anywhere, `opense` would be left.
    private static let token = "opensesame-0123456789"
    private static let more = token + "-and-more"
    private static let later = "opensecond-9876543210"
    private static let pin = "7301994265"
    private static let lines = "opense-first-line%5Cnopense-second-line"

    private func settings(_ token: String) -> String {
      ", transform_fault: bypass, token: \(token), token_more: \(Self.more), pin: \(Self.pin)"
    }

    private func send(_ server: TallyServer, _ query: String) throws {
      let reply = try server.connect().get(
        "/i?app_key=\(server.keys.appKey)&device_id=d&\(query)")
      #expect(reply.status == 200)
    }

    private func ask(_ server: TallyServer, _ path: String, _ query: String = "") throws -> String {
      try server.connect(seconds: 20).get("\(path)?api_key=\(server.keys.apiKey)\(query)").text
    }

    private func tally(_ server: TallyServer, _ arguments: [String]) throws -> String {
      try Subprocess.run(
        [TallyServer.binary] + arguments + [
          "--data", server.dataPath, "--config", server.configPath,
        ]
      ).1
    }

    /// Every file of the server but the one in which the operator wrote the secret.
    private func written(_ server: TallyServer) throws -> [(String, Data)] {
      let files =
        FileManager.default.enumerator(atPath: server.folder)?
        .compactMap { $0 as? String } ?? []
      return files.filter { $0 != "plugins.yaml" && !$0.hasSuffix(".so") }.compactMap { name in
        FileManager.default.contents(atPath: server.folder + "/" + name).map { (name, $0) }
      }
    }

    private func search(_ server: TallyServer, _ texts: [String] = []) throws {
      for text in texts {
        for secret in ["opense", Self.pin] { #expect(!text.contains(secret), "\(text)") }
      }
      let files = try written(server)
      #expect(files.contains { $0.0 == "log" } && files.contains { $0.0.hasSuffix("tally.db") })
      for (name, bytes) in files {
        for secret in ["opense", Self.pin] {
          #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name) has \(secret)")
        }
      }
    }

    @Test(
      "Nothing the server writes or answers has a secret, wherever its plugin says it",
      arguments: ["inproc", "isolated"])
    func everywhere(_ mode: String) throws {
      let server = try FixtureServer.make(
        "blabs", more: settings(Self.token) + ", mode: \(mode)",
        flags: mode == "isolated" ? ["-DBLABS_ISOLATED"] : [])
      try server.start()
      for place in ["process", "reduce", "log", "transform", "intake"] {
        try send(server, "blab=\(place)")
        try server.settle()
      }
      let app = "&app_id=\(server.keys.appID)&method=blab&do="
      var texts: [String] = []
      for place in ["fail", "command", "job", "misuse", "audit"] {
        texts.append(try ask(server, "/o", app + place))
      }
      // Lifecycle hooks, the audit of a change, and the old secret behind it.
      let configs = "&configs=%7B%22blabs%22:%7B%22token%22:%22\(Self.later)%22%7D%7D"
      texts.append(try ask(server, "/i/configs", configs))
      let own =
        "&app_id=\(server.keys.appID)" + configs.replacing(Self.later, with: "openseapp-1122")
      texts.append(try ask(server, "/i/configs", own))
      texts.append(try ask(server, "/o/configs", "&app_id=\(server.keys.appID)"))
      try send(server, "blab=log")
      try server.settle()
      let two = "&configs=%7B%22blabs%22:%7B%22token%22:%22\(Self.lines)%22%7D%7D"
      texts.append(try ask(server, "/i/configs", two))
      let wrong = "&configs=%7B%22blabs%22:%7B%22pin%22:%22opensesame%22%7D%7D"
      texts.append(try ask(server, "/i/configs", wrong))
      for place in ["fail", "misuse", "audit"] { texts.append(try ask(server, "/o", app + place)) }
      try send(server, "blab=process")
      try server.settle()
      let deadline = Clock.now + 10
      while !server.log.contains("job failed"), Clock.now < deadline { usleep(20_000) }
      for said in [
        "dead letter", "a committed hook failed", "a lifecycle hook failed", "plugin says",
        "job failed", "plugin misuses a service", "(secret)",
      ] + (mode == "inproc" ? ["an intake hook failed"] : []) {
        #expect(server.log.contains(said), "\(said)")
      }
      for path in [
        "/o/configs", "/o/plugins", "/o/plugins/schema", "/o/plugins/order", "/o/audit", "/metrics",
      ] {
        texts.append(try ask(server, path))
      }
      #expect(!texts.joined().contains("built-in-word"))
      for arguments in [
        ["check", "--explain"], ["check", "--json"], ["plugin", "list"],
        ["plugin", "info", "blabs"],
        ["deadletter", "list"], ["check", "--set", "plugins.blabs.pin=opensesame"],
        ["check", "--set", "plugins.blabs.token:opensesame"],
        ["check", "--set", "plugins.blabs.tokn=opensesame"],
      ] {
        texts.append(try tally(server, arguments))
      }
      #expect(texts.joined().contains("(secret)"))
      #expect(server.terminate() == .code(0))
      try search(server, texts)
      // A start that fails says why, and no more.
      let text = try Files.text(server.configPath)
      try Files.write(
        text.replacing("pin: \(Self.pin)", with: "pin: opensesame"), to: server.configPath)
      try server.start()
      #expect(server.log.contains("need a whole number, have a secret that is something else"))
      #expect(server.terminate() == .code(0))
      try search(server)
    }

    @Test("What an isolated plugin prints, logs and fails with has no secret either")
    func isolated() throws {
      let server = try FixtureServer.make(
        "blabs", more: settings(Self.token).replacing("bypass", with: "bypass, mode: isolated"),
        flags: ["-DBLABS_ISOLATED"])
      try server.start()
      for place in ["log", "print", "process", "reduce"] {
        try send(server, "blab=\(place)")
        try server.settle()
      }
      let deadline = Clock.now + 10
      while !server.log.contains("stream=stderr"), Clock.now < deadline { usleep(20_000) }
      for said in ["plugin printed", "stream=stdout", "plugin says", "dead letter", "(secret)"] {
        #expect(server.log.contains(said), "\(said)\n\(server.log.suffix(2_000))")
      }
      let runner = try Subprocess.run(["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"]).1
      #expect(!runner.contains("opensesame-0"))
      #expect(server.terminate() == .code(0))
      try search(server)
    }
  }
}
