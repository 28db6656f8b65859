import Foundation
import Harness
import Testing

extension FaultsEndToEnd {
  /// Plugins in the server's own process that end it, in every role.
  @Suite(.serialized) struct NamedFaultTests {
    /// What it does where.
    struct Fault: Sendable, CustomTestStringConvertible {
      let role: String
      var deed = "abort"
      /// What the next start says ended the last run.
      var words = "signal 6 (SIGABRT)"
      /// Whom it names.
      var name = "roles"
      /// An item dies alone only when its batch has; what is about one record dies once.
      var deathsMax = 1

      var testDescription: String { "\(role) \(deed)" }
    }

    #if arch(x86_64)
      private static let trap = "signal 4 (SIGILL)"
    #else
      private static let trap = "signal 5 (SIGTRAP)"
    #endif

    static let faults =
      [
        ("abort", "signal 6 (SIGABRT)"), ("segv", "signal 11 (SIGSEGV)"), ("trap", trap),
        ("overflow", "signal 11 (SIGSEGV)"), ("exit", "a call of exit()"),
      ].map { Fault(role: "process", deed: $0.0, words: $0.1, deathsMax: 2) } + [
        Fault(role: "transform", name: "roles/transform", deathsMax: 2),
        Fault(role: "reduce", deathsMax: 2), Fault(role: "merge"), Fault(role: "command"),
        Fault(role: "command", deed: "exit", words: "a call of exit()"),
        Fault(role: "lifecycle", name: "roles/lifecycle"),
        Fault(role: "intake", deed: "exit", words: "a call of exit()", name: "roles/intake"),
        Fault(role: "committed", deed: "exit", words: "a call of exit()", name: "roles/committed"),
        Fault(role: "answer", deed: "exit", words: "a call of exit()", name: "roles/answer"),
        Fault(role: "job", deed: "exit", words: "a call of exit()", name: "roles/job"),
        Fault(role: "describe", name: "roles/answer"),
      ]

    @Test("Whoever ends the server is named, and does not end it for that again", arguments: faults)
    func named(_ fault: Fault) throws {
      let isolated = try IsolatedServer(
        [("roles", "inproc"), ("taps", "inproc")], extra: ["roles": ", transform_fault: bypass"])
      defer { isolated.remove() }
      let server = isolated.server
      try prepare(fault, isolated)
      // Nobody is answered by a server that ends.
      try? order(fault, isolated)
      #expect(server.process?.wait(seconds: 20) != nil, "\(server.log)")
      // It dies, and is started again, until what it dies of is kept from the plugin.
      var deaths = 0
      repeat {
        deaths += 1
        try server.launch()
      } while deaths < 4 && !(server.waitUntilReady() && (try? server.settle()) != nil)
      let log = server.log
      #expect(deaths <= fault.deathsMax, "\(log)")
      let naming = log.split(separator: "\n").filter {
        $0.contains("the last run ended inside a plugin")
      }
      #expect(naming.count == deaths, "\(log)")
      #expect(
        naming.allSatisfy {
          ($0 + " ").contains("plugin=\(fault.name) ") && $0.contains("by=\(fault.words)")
        }, "\(naming)")
      try isolated.accept([.init(device: "other", minute: 9, members: ["taps": "\"buy\""])])
      #expect(try isolated.counts("taps")["buy"] == 1, "\(server.log)")
      #expect(server.terminate() == .code(0), "\(server.log)")
    }

    /// What stands before the culprit is called.
    private func prepare(_ fault: Fault, _ isolated: IsolatedServer) throws {
      guard ["merge", "describe", "lifecycle"].contains(fault.role) else { return }
      let how = JSON.quote("\(fault.role)-\(fault.deed)")
      try isolated.accept(
        ["culprit", "old"].enumerated().map { minute, device in
          .init(device: device, minute: minute, members: ["roles_how": how])
        })
      try isolated.server.settle()
    }

    private func order(_ fault: Fault, _ isolated: IsolatedServer) throws {
      let how = "\(fault.role)-\(fault.deed)"
      switch fault.role {
      case "command": _ = try isolated.answer("method=roles&what=command&value=\(how)")
      case "job": _ = try isolated.answer("method=roles&what=job&value=\(how)")
      case "answer": _ = try isolated.answer("method=roles&value=\(how)")
      case "describe": _ = try isolated.answer("method=user_details")
      case "merge":
        try isolated.accept([
          .init(device: "culprit", minute: 2, members: ["old_device_id": "\"old\""])
        ])
      case "lifecycle":
        _ = try Subprocess.run([
          TallyServer.binary, "setup", "--data", isolated.server.dataPath, "--username", "second",
          "--password", "Secret-Passw0rd", "--app", "Second", "--json",
        ])
      default:
        try isolated.accept([
          .init(device: "culprit", minute: 1, members: ["roles_how": JSON.quote(how)])
        ])
      }
    }
  }
}
