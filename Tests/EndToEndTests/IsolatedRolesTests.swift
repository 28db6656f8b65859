import Foundation
import Harness
import Testing

extension IsolatedEndToEnd {
  /// Hooks of every kind, commands, jobs and services: both lanes do and answer the same.
  @Suite(.serialized) struct IsolatedRolesTests {
    private static let wishes = [
      "none", "none", "none", "set", "remove", "drop", "drop-event", "add", "bad", "refuse",
      "stage", "stage-bad",
    ]

    private static func items(_ round: Int) -> [IsolatedServer.Item] {
      var random = SeededGenerator(seed: UInt64(round + 1))
      return (0..<24).map { number in
        let wish = wishes[Int(random.next() % UInt64(wishes.count))]
        let events = "[{\"key\":\"one\",\"count\":2},{\"key\":\"two\",\"count\":1}]"
        return .init(
          device: "device-\(random.next() % 7)", minute: round * 24 + number,
          members: ["wish": JSON.quote(wish), "colour": "\"red\"", "events": events])
      }
    }

    /// In this order; each is answered behind what came before.
    private static let questions =
      ["by=device", "by=colour", "by=event"]
      + [
        "command&value=first", "command&value=refuse", "command&value=user",
        "unknown-command&value=x", "put&value=kept", "swap&value=lost", "remove&value=gone",
        "look&value=12345", "setting", "define", "send&value=%5B1%5D",
        "send&value=%7B%22colour%22%3A%22green%22%7D", "job&value=work",
      ].map { "what=" + $0 }

    private func answers(mode: String, from first: Int64) throws -> [String] {
      let isolated = try IsolatedServer(
        [("roles", mode), ("taps", "inproc")], extra: ["roles": ", transform_fault: bypass"],
        firstMillisecond: first)
      defer { isolated.remove() }
      let server = isolated.server
      let config = try Files.text(server.configPath)
      let apps = ", apps: { \"\(server.keys.appID)\": { size: 5 } }"
      try Files.write(
        config.replacing(", transform_fault", with: apps + ", transform_fault"),
        to: server.configPath)
      #expect(try isolated.command("reload").contains("roles: running"), "\(server.log)")
      for round in 0..<6 {
        if round == 3 {
          #expect(server.terminate() == .code(0), "\(server.log)")
          try server.start()
        }
        try isolated.accept(Self.items(round))
        try server.settle()
      }
      var answers: [String] = []
      for question in Self.questions {
        let answer = try isolated.answer("method=roles&period=60days&\(question)")
        answers.append("\(question): \(answer)")
      }
      answers.append(try aside(isolated))
      #expect(server.terminate() == .code(0), "\(server.log)")
      return answers
    }

    /// What arrives beside the pipeline: the job, the committed hook, the lifecycle hook, numbers.
    private func aside(_ isolated: IsolatedServer) throws -> String {
      let server = isolated.server
      let (status, output) = try Subprocess.run([
        TallyServer.binary, "setup", "--data", server.dataPath, "--username", "second",
        "--password", "Secret-Passw0rd", "--app", "Second", "--json",
      ])
      #expect(status == .code(0), "\(output)")
      let deadline = Clock.now + 10
      var kept = ""
      while Clock.now < deadline {
        kept = try isolated.answer("method=roles&what=scan")
        let isHeard = kept.contains("attempt 1") && kept.contains("sent ")
        if isHeard, server.log.contains("kind 1 app 2") { break }
        usleep(20_000)
      }
      try server.settle()
      let colours = try isolated.answer("method=roles&period=60days&by=colour")
      let seen = try server.metric("tally_plugin_roles_seen_total") ?? -1
      let level = try server.metric("tally_plugin_roles_level") ?? -1
      let told = server.log.split(separator: "\n").filter { line in
        ["dead letter", "bypass", "transform could not", "kind 1 app 2"].contains {
          line.contains($0)
        }
      }.map { $0.components(separatedBy: " reason=").dropFirst().joined() }.joined(
        separator: "\n")
      return "\(kept) \(colours) \(seen) \(level) \(told)"
    }

    @Test("In every role an isolated plugin does what it does in-process, byte for byte")
    func equality() throws {
      let first = Clock.unixMilliseconds - 40 * 86_400_000
      let inproc = try answers(mode: "inproc", from: first)
      let isolated = try answers(mode: "isolated", from: first)
      for (one, other) in zip(inproc, isolated) { #expect(one == other) }
      #expect(inproc.count == isolated.count)
      // What is compared says something.
      let all = inproc.joined(separator: "\n")
      for word in [
        "device-3", "staged", "stage refused", "blue", "added", "app 1 user 0 at 1 first",
        "asked to refuse", "the command is about none", "none is no command of roles", "1 5",
        "has version 0, not 77", "there is no key gone", "called from a request",
        "must be the text of one JSON object", "work attempt 1 cancelled 0", "\"green\"",
        "a verdict's value is one JSON value", "7.0",
      ] { #expect(all.contains(word), "\(word) in \(all)") }
    }
  }
}
