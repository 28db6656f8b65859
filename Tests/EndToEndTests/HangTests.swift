import Foundation
import Harness
import Testing

extension FaultsEndToEnd {
  /// Plugins in the server's own process of which a call does not return, in every role.
  @Suite(.serialized) struct HangTests {
    /// What the operator is told.
    private static let late = "a call of a plugin does not return"
    private static let deed = "a call that did not return"

    private static func server(_ more: String = "", callSeconds: Int = 2) throws -> IsolatedServer {
      try IsolatedServer(
        [("roles", "inproc"), ("taps", "inproc")],
        extra: ["roles": ", transform_fault: bypass\(more)"],
        host: "event_loops: 4",
        limits: ", call_seconds_max: \(callSeconds), job_grace_seconds: 3")
    }

    /// Has it loop, while nobody waits for it.
    private func order(_ role: String, _ isolated: IsolatedServer) {
      Thread.detachNewThread { try? isolated.order(role, "loop") }
    }

    private func says(_ isolated: IsolatedServer, since start: Int, _ words: [String]) -> Bool {
      isolated.server.log.dropFirst(start).split(separator: "\n").contains { line in
        words.allSatisfy { (line + " ").contains($0) }
      }
    }

    private func waits(_ isolated: IsolatedServer, since start: Int = 0, _ words: [String]) -> Bool
    {
      Patience.wait(everyMilliseconds: 20) { says(isolated, since: start, words) }
    }

    private func isSettled(_ server: TallyServer) -> Bool {
      guard let durable = try? server.metric("tally_journal_durable_position") else { return false }
      return durable == (try? server.metric("tally_store_position"))
    }

    @Test(
      "Where everybody waits for a call it is named, and kept from what it hangs on after a restart",
      arguments: NamedFaultTests.roles.filter {
        !["committed", "answer", "describe", "job"].contains($0.name)
      })
    func named(_ role: NamedFaultTests.Role) throws {
      let isolated = try Self.server()
      defer { isolated.remove() }
      let server = isolated.server
      let words = [Self.late, "plugin=roles ", "in=\(role.called) ", "restart the server"]
      try isolated.prepare(role.name, "loop")
      order(role.name, isolated)
      var (ends, start) = (0, 0)
      repeat {
        #expect(waits(isolated, since: start, words), "\(server.log)")
        let info = try isolated.command("info", "roles")
        #expect(info.contains("\(role.called) does not return"), "\(info)")
        start = server.log.count
        #expect(server.terminate() == .code(0), "\(server.log)")
        ends += 1
        try server.start()
        #expect(Patience.wait { isSettled(server) || says(isolated, since: start, words) })
      } while ends < 4 && !isSettled(server)
      let log = server.log
      #expect(ends <= role.deathsMax, "\(log)")
      let namings = log.split(separator: "\n").filter {
        $0.contains("the last run ended inside a plugin")
      }
      let parts = ["plugin=\(role.consumer) ", "in=\(role.called)", "by=\(Self.deed)"]
      #expect(namings.count == ends, "\(log)")
      #expect(
        namings.allSatisfy { line in parts.allSatisfy { (line + " ").contains($0) } }, "\(namings)")
      // What is left out is left out for this reason, and everybody else counts on.
      if role.name == "intake" { try isolated.order("intake", "loop") }
      try isolated.accept([.init(device: "other", minute: 9, members: ["taps": "\"buy\""])])
      #expect(try isolated.counts("taps")["buy"] == 1, "\(server.log)")
      if role.name != "lifecycle" {
        #expect(server.log.contains("kept the process in \(Self.deed)"))
      }
      #expect(server.terminate() == .code(0), "\(server.log)")
    }

    @Test(
      "Where nobody waits for a call its plugin is named, and given up; questions are answered on",
      arguments: NamedFaultTests.roles.filter {
        ["committed", "answer", "describe"].contains($0.name)
      })
    func givenUp(_ role: NamedFaultTests.Role) throws {
      let isolated = try Self.server()
      defer { isolated.remove() }
      let server = isolated.server
      try isolated.prepare(role.name, "loop")
      // More of them than there are threads for questions.
      for _ in 0..<(role.name == "committed" ? 1 : 3) { order(role.name, isolated) }
      #expect(
        waits(isolated, [Self.late, "plugin=roles ", "in=\(role.called) ", "others go on"]),
        "\(server.log)")
      #expect(try server.metric("tally_plugin_calls_late") ?? 0 >= 1)
      try isolated.accept([.init(device: "other", minute: 9, members: ["taps": "\"buy\""])])
      #expect(try isolated.counts("taps")["buy"] == 1, "\(server.log)")
      let reason = "\(role.called) of it has not returned within"
      #expect(
        waits(isolated, ["plugin quarantined", "plugin=roles ", reason]), "\(server.log)")
      #expect(try isolated.command("info", "roles").contains("quarantined: \(reason)"))
      #expect(server.terminate() == .code(0), "\(server.log)")
      try server.start()
      #expect(try isolated.command("info", "roles").contains("quarantined: \(reason)"))
      #expect(server.terminate() == .code(0), "\(server.log)")
    }

    @Test("With on_fault: isolate it goes on in a process of its own, without a restart")
    func isolated() throws {
      let isolated = try Self.server(", on_fault: isolate")
      defer { isolated.remove() }
      order("committed", isolated)
      #expect(
        waits(isolated, ["a plugin runs isolated from here on", "a committed hook of it"]),
        "\(isolated.server.log)")
      #expect(isolated.server.terminate() == .code(0), "\(isolated.server.log)")
    }

    /// Whether the pipeline calls the plugin at this moment, as the page says that outlives a crash.
    private func isCalled(_ isolated: IsolatedServer) -> Bool {
      let page = FileManager.default.contents(atPath: isolated.server.dataPath + "/breadcrumb")
      guard let page, page.count >= 192 else { return false }
      return page[4] == 1 && page[64..<192].prefix { $0 != 0 }.elementsEqual("roles".utf8)
    }

    @Test("Over what the process is killed again and again, as for want of memory, is found")
    func killed() throws {
      let isolated = try Self.server(callSeconds: 3_600)
      defer { isolated.remove() }
      let server = isolated.server
      let items = ["culprit", "other"].enumerated().map { minute, device in
        var members = ["taps": "\"buy\""]
        if device == "culprit" { members["roles_how"] = "\"process-loop\"" }
        return IsolatedServer.Item(device: device, minute: minute, members: members)
      }
      try isolated.accept(items)
      var kills = 0
      while kills < 6, Patience.wait(until: { isCalled(isolated) || isSettled(server) }),
        !isSettled(server)
      {
        server.kill()
        kills += 1
        try server.start()
      }
      let log = server.log
      // Twice with the batch, twice with the item.
      #expect(kills == 4, "\(log)")
      #expect(
        log.contains("dead letter") && log.contains("ended the process with signal 9 (SIGKILL)"))
      #expect(!log.contains("the last run ended inside a plugin"), "\(log)")
      #expect(try isolated.counts("taps")["buy"] == 2, "\(log)")
      #expect(try isolated.counts("roles&by=device") == ["other": 1], "\(log)")
      #expect(server.terminate() == .code(0), "\(server.log)")
    }
  }
}
