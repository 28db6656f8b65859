import Foundation
import Harness
import Testing

extension IsolatedEndToEnd {
  /// Every hostile behaviour in every role of an isolated plugin, while others are counted.
  @Suite(.serialized) struct IsolatedHostileTests {
    static let roles = [
      "intake", "transform", "process", "reduce", "merge", "committed", "lifecycle", "command",
      "job", "answer",
    ]
    #if arch(x86_64)
      private static let trap = "ended its runner with signal 4 (SIGILL)"
    #else
      private static let trap = "ended its runner with signal 5 (SIGTRAP)"
    #endif
    /// What it does, and the words for it; a loop is ended in other words in every role.
    static let deeds: [(what: String, words: String)] = [
      ("segv", "ended its runner with signal 11 (SIGSEGV)"),
      ("abort", "ended its runner with signal 6 (SIGABRT)"), ("trap", trap),
      ("exit", "ended its runner with exit(3)"),
      ("overflow", "ended its runner with signal 11 (SIGSEGV)"),
      ("loop", "its runner was ended"),
      ("memory", "ended its runner with signal 11 (SIGSEGV)"),
      // A thread more than it may have, and it gives up.
      ("threads", "ended its runner with signal 6 (SIGABRT)"),
    ]
    /// Users of whom the plugin keeps something, beside the one it does it for.
    private static let bystanders = 9

    /// Sends batches to `taps` until it is told to stop; none may be refused.
    private final class Traffic: @unchecked Sendable {
      private let lock = NSLock()
      private let done = DispatchSemaphore(value: 0)
      private var isStopping = false
      private var accepted = 0
      private var failures: [String] = []

      init(_ isolated: IsolatedServer) {
        Thread.detachNewThread { [self] in
          var round = 0
          while !lock.withLock({ isStopping }) {
            let items = (0..<10).map {
              IsolatedServer.Item(
                device: "other-\($0)", minute: 1_000 + round * 10 + $0,
                members: ["taps": "\"buy\""])
            }
            do {
              try isolated.accept(items)
              lock.withLock { accepted += items.count }
            } catch { lock.withLock { failures.append("\(error)") } }
            round += 1
            usleep(5_000)
          }
          done.signal()
        }
      }

      /// Waits until that many more were accepted.
      func waitForMore(_ count: Int, seconds: Double) {
        let enough = lock.withLock { accepted } + count
        let deadline = Clock.now + seconds
        while lock.withLock({ accepted }) < enough, Clock.now < deadline { usleep(10_000) }
      }

      func end() { lock.withLock { isStopping = true } }

      func stop() -> (accepted: Int, failures: [String]) {
        end()
        done.wait()
        return lock.withLock { (accepted, failures) }
      }
    }

    /// Has the plugin do it, in that role.
    private func order(_ how: String, role: String, _ isolated: IsolatedServer) throws {
      switch role {
      case "command":
        let answer = try isolated.answer("method=roles&what=command&value=\(how)")
        // Whoever asked waited in the runner that ended.
        #expect(answer.hasPrefix("500"), "\(answer)")
      case "job": _ = try isolated.answer("method=roles&what=job&value=\(how)")
      case "answer":
        let answer = try isolated.answer("method=roles&value=\(how)")
        #expect(answer.hasPrefix(how.hasSuffix("loop") ? "504" : "500"), "\(answer)")
      case "describe": try orderPortraits(how, isolated)
      case "merge":
        try isolated.accept(
          ["culprit", "old"].enumerated().map { minute, device in
            .init(device: device, minute: minute, members: ["roles_how": JSON.quote(how)])
          })
        try isolated.accept([
          .init(device: "culprit", minute: 2, members: ["old_device_id": "\"old\""])
        ])
      default:
        try isolated.accept([
          .init(device: "culprit", minute: 1, members: ["roles_how": JSON.quote(how)])
        ])
      }
      guard role == "lifecycle" else { return }
      // The hook remembers what it is told to do.
      #expect(try isolated.counts("roles&by=device")["culprit"] == 1)
      _ = try Subprocess.run([
        TallyServer.binary, "setup", "--data", isolated.server.dataPath, "--username", "second",
        "--password", "Secret-Passw0rd", "--app", "Second", "--json",
      ])
    }

    /// Asks for a page of users, of whom one ends the runner: it alone goes without what the plugin
    /// tells.
    private func orderPortraits(_ how: String, _ isolated: IsolatedServer) throws {
      try isolated.accept(
        (0...Self.bystanders).map { number in
          let (device, own) = number == 4 ? ("culprit", how) : ("by-\(number)", "nothing")
          return .init(
            device: device, minute: number, members: ["roles_how": JSON.quote(own)])
        })
      // Others send meanwhile, so that the store never comes to rest.
      #expect(try isolated.counts("roles&by=device")["culprit"] == 1)
      let page = try isolated.server.ask("method=user_details&iDisplayLength=1000")
      let users = page["aaData"]?.array ?? []
      let told = users.filter { $0["roles"]?.string == "told" }.compactMap { $0["did"]?.string }
      #expect(told.count == Self.bystanders, "\(told) \(isolated.server.log)")
      #expect(told.allSatisfy { $0.hasPrefix("by-") }, "\(told)")
      #expect(users.contains { $0["did"]?.string == "culprit" })
    }

    /// What the operator reads about it.
    private static let words = [
      "intake": "isolated plugin failed",
      "transform": "a transform could not take an item", "process": "dead letter:",
      "reduce": "dead letter:", "committed": "a committed hook failed",
      "lifecycle": "a lifecycle hook failed", "command": "isolated plugin failed",
      "job": "isolated plugin failed", "answer": "isolated plugin failed",
      "describe": "isolated plugin failed", "merge": "a plugin could not merge the cells",
    ]

    @Test(
      "Whatever a plugin does in any role costs it that, and nobody else anything",
      arguments: roles)
    func survives(_ role: String) throws { try survive(role) }

    @Test("Of a page of users it costs that one alone what the plugin tells of it")
    func portraits() throws { try survive("describe") }

    private func survive(_ role: String) throws {
      for deed in Self.deeds {
        let isolated = try IsolatedServer(
          [("roles", "isolated"), ("taps", "inproc")],
          extra: ["roles": ", transform_fault: bypass"])
        defer { isolated.remove() }
        let traffic = Traffic(isolated)
        defer { traffic.end() }
        try order("\(role)-\(deed.what)", role: role, isolated)
        let word = try #require(Self.words[role])
        let deadline = Clock.now + 20
        while !said(word, deed.words, isolated), Clock.now < deadline { usleep(10_000) }
        #expect(said(word, deed.words, isolated), "\(deed.what): \(isolated.server.log)")
        traffic.waitForMore(50, seconds: 20)
        let (accepted, failures) = traffic.stop()
        try isolated.server.settle()
        #expect(failures == [] && accepted >= 50, "\(deed.what)")
        #expect(
          try isolated.counts("taps") == ["buy": accepted], "\(deed.what): \(isolated.server.log)")
        try checkOwn(role, deed.what, accepted, isolated)
        #expect(isolated.server.process?.poll() == nil)
        #expect(isolated.server.terminate() == .code(0), "\(deed.what): \(isolated.server.log)")
      }
    }

    private func said(_ word: String, _ words: String, _ isolated: IsolatedServer) -> Bool {
      isolated.server.log.split(separator: "\n").contains {
        $0.contains(word) && $0.contains("plugin=roles") && $0.contains(words)
      }
    }

    /// The plugin itself goes on, and misses what it could not take; one that cannot let go of it is
    /// given up and named.
    private func checkOwn(
      _ role: String, _ what: String, _ accepted: Int, _ isolated: IsolatedServer
    ) throws {
      if role == "committed" {
        let deadline = Clock.now + 20
        while try isolated.server.metric("tally_plugin_quarantined") != 1, Clock.now < deadline {
          usleep(20_000)
        }
        #expect(
          try isolated.server.metric("tally_plugin_quarantined") == 1,
          "\(what): \(isolated.server.log)")
        return
      }
      let counts = try isolated.counts("roles&by=device")
      let own = counts["culprit"] ?? 0
      // Of a merge the item that says so is counted too.
      let items = ["process": 0, "command": 0, "job": 0, "answer": 0, "merge": 2]
      #expect(own == items[role] ?? 1, "\(what): \(counts) \(isolated.server.log)")
      let more = ["merge": 1, "describe": Self.bystanders][role] ?? 0
      #expect(
        counts.filter { $0.key != "culprit" }.values.reduce(0, +) == accepted + more,
        "\(what): \(counts)")
      #expect(try isolated.server.metric("tally_plugin_quarantined") == 0)
      let letters = isolated.server.log.split(separator: "\n")
        .filter { $0.contains("dead letter") }.count
      #expect(letters == (["process", "reduce"].contains(role) ? 1 : 0), "\(isolated.server.log)")
    }
  }
}
