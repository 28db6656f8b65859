import Foundation
import Harness
import Testing

extension FaultsEndToEnd {
  /// Plugins in the server's own process that end it: everything they may do to it, in every role.
  @Suite(.serialized) struct NamedFaultTests {
    /// A role, and what the next start says of a fault in it.
    struct Role: Sendable, CustomTestStringConvertible {
      let name: String
      /// What was called.
      let called: String
      /// As whom the crumb names it.
      var consumer = "roles"
      /// An item dies alone only when its batch has; what is about one record dies once.
      var deathsMax = 1
      /// Whether what ended the server comes again as soon as the plugin is given another chance: no
      /// record of it can be kept from the plugin.
      var comesAgain = false

      var testDescription: String { name }
    }

    static let roles = [
      Role(name: "intake", called: "an intake hook", consumer: "roles/intake"),
      Role(
        name: "transform", called: "a transform hook", consumer: "roles/transform", deathsMax: 2),
      Role(name: "process", called: "a process hook", deathsMax: 2),
      Role(name: "reduce", called: "a reduce", deathsMax: 2),
      Role(name: "merge", called: "a merge of two users"),
      Role(name: "command", called: "a command"),
      Role(name: "lifecycle", called: "a lifecycle hook", consumer: "roles/lifecycle"),
      Role(
        name: "committed", called: "a committed hook", consumer: "roles/committed", comesAgain: true
      ),
      Role(name: "answer", called: "an answer", consumer: "roles/answer"),
      Role(name: "describe", called: "a describe", consumer: "roles/answer", comesAgain: true),
      Role(name: "job", called: "a job", consumer: "roles/job"),
    ]

    #if arch(x86_64)
      private static let trap = "signal 4 (SIGILL)"
    #else
      private static let trap = "signal 5 (SIGTRAP)"
    #endif

    /// What it does, and the words for it. What the system has no memory for, it writes to all the
    /// same; without a thread it gives up.
    static let deeds = [
      ("segv", "signal 11 (SIGSEGV)"), ("abort", "signal 6 (SIGABRT)"), ("trap", trap),
      ("exit", "a call of exit()"), ("overflow", "signal 11 (SIGSEGV)"),
      ("memory", "signal 11 (SIGSEGV)"), ("threads", "signal 6 (SIGABRT)"),
    ]

    /// A server that the machine gives less memory than 10 GB, or 10 000 threads, take.
    private static func server() throws -> IsolatedServer {
      try IsolatedServer(
        [("roles", "inproc"), ("taps", "inproc")], extra: ["roles": ", transform_fault: bypass"],
        launcher: ["prlimit", "--as=8589934592"])
    }

    @Test("Whoever ends the server is named, and does not end it for that again", arguments: roles)
    func named(_ role: Role) throws {
      var isolated = try Self.server()
      defer { isolated.remove() }
      for (round, deed) in Self.deeds.enumerated() {
        if role.comesAgain, round > 0 {
          isolated.remove()
          isolated = try Self.server()
        }
        try check(role, deed.0, deed.1, round, isolated)
      }
      #expect(isolated.server.terminate() == .code(0), "\(isolated.server.log)")
    }

    private func check(
      _ role: Role, _ deed: String, _ words: String, _ round: Int, _ isolated: IsolatedServer
    ) throws {
      let server = isolated.server
      let before = server.log.count
      try isolated.prepare(role.name, deed)
      try? isolated.order(role.name, deed)
      #expect(server.process?.wait(seconds: 60) != nil, "\(deed): \(server.log)")
      // It dies, and is started again, until what it dies of is kept from the plugin.
      var deaths = 0
      repeat {
        deaths += 1
        try server.launch()
      } while deaths < 4 && !(server.waitUntilReady() && (try? server.settle()) != nil)
      let log = String(server.log.dropFirst(before))
      #expect(deaths <= role.deathsMax, "\(deed): \(log)")
      let naming = log.split(separator: "\n").filter {
        $0.contains("the last run ended inside a plugin")
      }
      #expect(naming.count == deaths, "\(deed): \(log)")
      let parts = ["plugin=\(role.consumer) ", "in=\(role.called)", "by=\(words)"]
      #expect(
        naming.allSatisfy { line in parts.allSatisfy { (line + " ").contains($0) } }, "\(naming)")
      if !role.comesAgain { _ = try isolated.command("reload") }
      let buy = ["taps": "\"buy\""]
      try isolated.accept([.init(device: "other", minute: 100 + round, members: buy)])
      let counts = try isolated.counts("taps")
      #expect(counts["buy"] == (role.comesAgain ? 1 : round + 1), "\(deed): \(log)")
    }
  }
}
