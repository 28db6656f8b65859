import Foundation
import Harness
import Testing

extension IsolatedEndToEnd {
  /// Plugins that end their process. Isolated they end nothing else.
  @Suite(.serialized) struct IsolatedFaultTests {
    #if arch(x86_64)
      private static let trap = "signal 4 (SIGILL)"
    #else
      private static let trap = "signal 5 (SIGTRAP)"
    #endif

    private static let late = "did not answer within 2000 ms; its runner was ended"

    /// What an item makes the plugin do, and the reason of its dead letter.
    static let faults: [(how: String, reason: String)] = [
      ("segv", "ended its runner with signal 11 (SIGSEGV)"),
      ("abort", "ended its runner with signal 6 (SIGABRT)"),
      ("trap", "ended its runner with \(trap)"),
      ("exit", "ended its runner with exit(3)"),
      ("overflow", "ended its runner with signal 11 (SIGSEGV)"),
      ("memory", "ended its runner with signal 11 (SIGSEGV)"),
      ("loop", "computed for over 250 ms; its runner was ended"),
      ("wait", late),
      ("threads", "status -1: thread 1 of 10000: error 1"),
      ("file", "status -1: may not open a file"),
      (
        "scribble",
        "its runner's effects cannot be read: the plugin wrote over the runner's memory"
      ),
    ]

    private func batch(_ poison: String?, round: Int) -> [IsolatedServer.Item] {
      (0..<20).map { number in
        var members = ["taps": "\"buy\""]
        if number == 11, let poison { members["trap_me"] = JSON.quote(poison) }
        return .init(
          device: "device-\(number)", minute: round * 20 + number, members: members)
      }
    }

    @Test("What a plugin does to its process costs it one item, and nobody else anything")
    func faults() throws {
      for fault in Self.faults {
        let isolated = try IsolatedServer([("kills", "isolated"), ("taps", "inproc")])
        defer { isolated.remove() }
        try isolated.accept(batch(nil, round: 0))
        try isolated.accept(batch(fault.how, round: 1))
        try isolated.accept(batch(nil, round: 2))
        try isolated.server.settle()
        let log = isolated.server.log
        #expect(isolated.server.process?.poll() == nil, "\(fault.how): \(log)")
        #expect(try isolated.counts("taps") == ["buy": 60], "\(fault.how): \(log)")
        var needed = Dictionary(uniqueKeysWithValues: (0..<20).map { ("device-\($0)", 3) })
        needed["device-11"] = 2
        #expect(try isolated.counts("kills") == needed, "\(fault.how): \(log)")
        let letters = log.split(separator: "\n").filter { $0.contains("dead letter") }
        #expect(letters.count == 1, "\(fault.how): \(log)")
        // A machine that is busy enough keeps a loop from computing for so long.
        let reasons = fault.how == "loop" ? [fault.reason, Self.late] : [fault.reason]
        #expect(
          letters.allSatisfy { line in reasons.contains { line.contains("reason=\($0)") } },
          "\(letters)")
        #expect(isolated.server.terminate() == .code(0), "\(fault.how): \(log)")
      }
    }

    @Test("Three faults quarantine a plugin, also over a restart; asked for again, it catches up")
    func quarantine() throws {
      let isolated = try IsolatedServer([("kills", "isolated"), ("taps", "inproc")])
      defer { isolated.remove() }
      for round in 0..<3 { try isolated.accept(batch("segv", round: round)) }
      try isolated.server.settle()
      try isolated.accept(batch(nil, round: 4))
      try isolated.server.settle()
      try checkQuarantine(isolated)
      #expect(isolated.server.terminate() == .code(0))
      try isolated.server.start()
      #expect(try isolated.server.metric("tally_plugin_quarantined") == 1)
      #expect(try isolated.answer("method=kills&period=60days").hasPrefix("400"))
      let list = try isolated.command("list")
      #expect(list.contains("quarantined"), "\(list)")
      #expect(list.contains("3 faults within 5 minutes"), "\(list)")
      #expect(try isolated.command("reload").contains("kills: running"))
      try isolated.waitUntilAtHead()
      let counts = try isolated.counts("kills")
      #expect(
        [0, 11, 12].map { counts["device-\($0)"] ?? 0 } == [4, 1, 3], "\(isolated.server.log)")
      #expect(try isolated.server.metric("tally_plugin_quarantined") == 0)
      #expect(isolated.server.terminate() == .code(0))
    }

    @Test("What a plugin did not see because it was given up in the middle it sees when it is back")
    func givenUpInTheMiddle() throws {
      let isolated = try IsolatedServer([("kills", "isolated"), ("taps", "inproc")])
      defer { isolated.remove() }
      // Requests behind one another on one connection come into one batch, or a few.
      let poisons = [5, 9, 14]
      let requests = (0..<60).map { number in
        let poison = poisons.contains(number) ? "&trap_me=segv" : ""
        return "GET /i?app_key=\(isolated.server.keys.appKey)&device_id=device-\(number)&taps=buy"
          + "\(poison) HTTP/1.1\r\nHost: x\r\n\r\n"
      }
      let connection = isolated.server.connect(seconds: 30)
      #expect(try connection.exchange(Array(requests.joined().utf8)).status == 200)
      for _ in requests.dropFirst() { #expect(try connection.exchange([]).status == 200) }
      let deadline = Clock.now + 30
      while try isolated.server.metric("tally_plugin_quarantined") != 1, Clock.now < deadline {
        usleep(10_000)
      }
      try isolated.server.settle()
      #expect(try isolated.counts("taps") == ["buy": 60], "\(isolated.server.log)")
      #expect(try isolated.command("reload").contains("kills: running"))
      try isolated.waitUntilAtHead()
      let counts = try isolated.counts("kills")
      let log = isolated.server.log
      for number in 0..<60 {
        #expect(counts["device-\(number)"] == (poisons.contains(number) ? nil : 1), "\(log)")
      }
      #expect(log.split(separator: "\n").filter { $0.contains("dead letter") }.count == 3, "\(log)")
      #expect(isolated.server.terminate() == .code(0), "\(log)")
    }

    private func checkQuarantine(_ isolated: IsolatedServer) throws {
      let log = isolated.server.log
      #expect(try isolated.counts("taps") == ["buy": 80], "\(log)")
      #expect(
        log.contains(
          "reason=3 faults within 5 minutes, the last: ended its runner with signal 11 (SIGSEGV)"),
        "\(log)")
      // The rest of the third batch can be replayed: it is dead letters.
      let letters = log.split(separator: "\n").filter { $0.contains("dead letter") }
      #expect(letters.count == 3 + 8, "\(log)")
      #expect(letters.filter { $0.contains("reason=quarantined: 3 faults") }.count == 8, "\(log)")
      #expect(log.contains("plugin quarantined;"), "\(log)")
      #expect(try isolated.server.metric("tally_plugin_quarantined") == 1)
      let answer = try isolated.answer("method=kills&period=60days")
      #expect(answer == "400 {\"result\":\"Invalid method\"}", "\(answer)")
    }

    @Test("A question that ends or holds its runner is refused, and the next one answered")
    func questions() throws {
      let isolated = try IsolatedServer([("kills", "isolated"), ("taps", "inproc")])
      defer { isolated.remove() }
      try isolated.accept(batch(nil, round: 0))
      for (how, status) in [("segv", "500"), ("loop", "504")] {
        let began = Clock.now
        let answer = try isolated.answer("method=kills&how=\(how)")
        #expect(answer.hasPrefix(status), "\(how): \(answer)")
        #expect(Clock.now - began < 4, "\(how): \(Clock.now - began) s")
        #expect(try isolated.counts("kills").count == 20, "\(isolated.server.log)")
      }
      let log = isolated.server.log
      #expect(log.contains("ended its runner with signal 11 (SIGSEGV) while answering"), "\(log)")
      #expect(log.contains("did not answer a question within 1500 ms"), "\(log)")
      try isolated.accept(batch(nil, round: 1))
      #expect(try isolated.counts("kills")["device-3"] == 2, "\(isolated.server.log)")
      #expect(isolated.server.terminate() == .code(0))
    }

    @Test("What a plugin prints is in the log under its name, as much as is readable")
    func prints() throws {
      let isolated = try IsolatedServer([("kills", "isolated")])
      defer { isolated.remove() }
      try isolated.accept(batch("print", round: 0))
      try isolated.server.settle()
      let deadline = Clock.now + 10
      while !isolated.server.log.contains("line 99"), Clock.now < deadline { usleep(10_000) }
      let lines = isolated.server.log.split(separator: "\n")
        .filter { $0.contains("plugin printed") }
      #expect((100...300).contains(lines.count), "\(lines.count)")
      #expect(
        lines.allSatisfy { $0.contains("plugin=kills") && $0.contains("stream=stdout") },
        "\(lines.prefix(3))")
      #expect(try isolated.server.metric("tally_plugin_dropped_lines_total") ?? 0 > 500)
    }

    @Test("A batch that takes much memory is taken; its runner then makes room for another")
    func largeBatch() throws {
      let isolated = try IsolatedServer([("taps", "isolated")])
      defer { isolated.remove() }
      let numbers = "[" + [String](repeating: "1", count: 190_000).joined(separator: ",") + "]"
      try isolated.accept(
        (0..<9).map {
          .init(device: "device-\($0)", minute: $0, members: ["taps": "\"buy\"", "x": numbers])
        })
      #expect(try isolated.counts("taps") == ["buy": 9], "\(isolated.server.log)")
      try isolated.accept(batch(nil, round: 1))
      #expect(try isolated.counts("taps") == ["buy": 29], "\(isolated.server.log)")
      #expect(try isolated.server.metric("tally_plugin_restarts_total") == 1)
      #expect(try isolated.server.metric("tally_plugin_faults_total") == 0)
      #expect(!isolated.server.log.contains("dead letter"), "\(isolated.server.log)")
    }

    @Test("A runner that is killed from outside is started again, and nothing is lost")
    func killed() throws {
      let isolated = try IsolatedServer([("kills", "isolated"), ("taps", "isolated")])
      defer { isolated.remove() }
      for round in 0..<2 {
        try isolated.accept(batch(nil, round: round))
        for runner in runners(of: isolated) { Foundation.kill(runner, SIGKILL) }
        usleep(50_000)
      }
      try isolated.accept(batch(nil, round: 2))
      // A question waits for the runner that is started again.
      #expect(try isolated.counts("taps") == ["buy": 60], "\(isolated.server.log)")
      #expect(try isolated.counts("kills")["device-7"] == 3, "\(isolated.server.log)")
      let last = runners(of: isolated)
      #expect(last.count == 2)
      // A host that is killed takes its runners with it.
      isolated.server.kill()
      let deadline = Clock.now + 5
      while last.contains(where: { Foundation.kill($0, 0) == 0 }), Clock.now < deadline {
        usleep(10_000)
      }
      #expect(last.allSatisfy { Foundation.kill($0, 0) != 0 })
    }

    /// The children of the server.
    private func runners(of isolated: IsolatedServer) -> [pid_t] {
      guard let server = isolated.server.process?.pid else { return [] }
      return Files.list("/proc").compactMap { pid_t($0) }.filter { process in
        (try? Files.text("/proc/\(process)/status"))?.contains("\nPPid:\t\(server)\n") == true
      }
    }

    @Test("A question whose runner is killed is answered by the next one")
    func killedBeforeQuestion() throws {
      let isolated = try IsolatedServer([("taps", "isolated")])
      defer { isolated.remove() }
      try isolated.accept(batch(nil, round: 0))
      for _ in 0..<2 {
        for runner in runners(of: isolated) { Foundation.kill(runner, SIGKILL) }
        #expect(try isolated.counts("taps") == ["buy": 20], "\(isolated.server.log)")
      }
      #expect(isolated.server.terminate() == .code(0))
    }

    @Test("Runners that do not end are ended side by side when the server ends")
    func stopping() throws {
      let plugins = ["kills", "hangs", "isolated-only"].map { ($0, "isolated") }
      let isolated = try IsolatedServer(plugins, macros: ["FIXTURE_NEVER_ENDS"])
      defer { isolated.remove() }
      try isolated.accept(batch(nil, round: 0))
      try isolated.server.settle()
      let began = Clock.now
      #expect(isolated.server.terminate(seconds: 5) == .code(0), "\(isolated.server.log)")
      #expect(Clock.now - began < 4, "\(Clock.now - began) s")
      let lines = isolated.server.log.split(separator: "\n")
        .filter { $0.contains("the runner did not end in time") }
      #expect(lines.count == 3, "\(isolated.server.log)")
    }

    @Test("A runner has nothing but its limits")
    func jail() throws {
      let isolated = try IsolatedServer([("taps", "isolated")])
      defer { isolated.remove() }
      let runner = try #require(runners(of: isolated).first)
      let status = try Files.text("/proc/\(runner)/status")
      let field = { (name: String) in
        status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
          .map { $0.dropFirst(name.count + 1).split(separator: "\t").map(String.init) } ?? []
      }
      #expect(field("NoNewPrivs") == ["1"])
      #expect(field("Seccomp") == ["2"])
      if getuid() == 0 {
        #expect(field("Uid") == ["65534", "65534", "65534", "65534"])
        #expect(field("CapEff") == ["0000000000000000"])
      }
      let nice = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(runner))
      #expect(nice == 10)
      let limits = try Files.text("/proc/\(runner)/limits")
      #expect(limits.contains("Max core file size        0"), "\(limits)")
      #expect(limits.contains("Max open files            64"), "\(limits)")
    }
  }
}
