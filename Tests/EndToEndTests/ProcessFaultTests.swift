import Foundation
import Harness
import Testing

extension FaultsEndToEnd {
  /// Plugins that end the server's own process where no record is to blame.
  @Suite(.serialized) struct ProcessFaultTests {
    private static let phrases = [
      "committed": "a committed hook", "answer": "an answer", "job": "a job",
    ]

    private func server(_ more: String = ", transform_fault: bypass") throws -> IsolatedServer {
      try IsolatedServer([("roles", "inproc"), ("taps", "inproc")], extra: ["roles": more])
    }

    /// Has the plugin end the server in that role, and starts that again.
    private func crash(_ role: String, _ isolated: IsolatedServer) throws {
      let server = isolated.server
      // It may happen before the answer is out.
      switch role {
      case "job": _ = try? isolated.answer("method=roles&what=job&value=job-abort")
      case "answer":
        #expect(throws: HarnessError.self) {
          try isolated.answer("method=roles&value=answer-abort")
        }
      default:
        try? isolated.accept([
          .init(device: "culprit", minute: 1, members: ["roles_how": JSON.quote("\(role)-abort")])
        ])
      }
      #expect(server.process?.wait(seconds: 20) == .signal(SIGABRT), "\(server.log)")
      try server.start()
      #expect(server.log.contains("the last run ended inside a plugin"), "\(server.log)")
    }

    private func row(_ isolated: IsolatedServer) throws -> JSON {
      let server = isolated.server
      let reply = try server.connect().get("/o/plugins?api_key=\(server.keys.apiKey)")
      return try #require(JSON(reply.text).array?.first { $0["code"]?.string == "roles" })
    }

    private func restart(_ isolated: IsolatedServer) throws {
      #expect(isolated.server.terminate() == .code(0), "\(isolated.server.log)")
      try isolated.server.start()
    }

    @Test(
      "Who ends the server in a committed hook, an answer or a job is named and kept out",
      arguments: ["committed", "answer", "job"])
    func quarantines(_ role: String) throws {
      let isolated = try server()
      defer { isolated.remove() }
      try crash(role, isolated)
      let phrase = try #require(Self.phrases[role])
      #expect(isolated.server.log.contains("plugin=roles/\(role)"), "\(isolated.server.log)")
      for _ in 0..<2 {
        let row = try row(isolated)
        #expect(row["state"]?.string == "quarantined", "\(isolated.server.log)")
        let reason = row["reason"]?.string ?? ""
        #expect(
          reason.contains("ended the server with signal 6 (SIGABRT) in \(phrase)"), "\(reason)")
        try isolated.accept([
          .init(device: "other", minute: 2, members: ["taps": JSON.quote("buy")])
        ])
        try isolated.server.settle()
        #expect(try isolated.counts("taps")["buy"] == 1)
        try restart(isolated)
      }
      guard role == "answer" else { return }
      _ = try isolated.command("reload")
      #expect(try row(isolated)["state"]?.string == "running")
      #expect(try isolated.answer("method=roles&what=look").hasPrefix("200"))
    }

    @Test(
      "With on_fault: isolate it runs in a process of its own from then on",
      arguments: ["answer", "job", "process", "intake"])
    func isolates(_ role: String) throws {
      let isolated = try server(", on_fault: isolate")
      defer { isolated.remove() }
      try crash(role, isolated)
      for _ in 0..<2 {
        let row = try row(isolated)
        #expect(row["state"]?.string == "running", "\(isolated.server.log)")
        #expect(row["mode"]?.string == "isolated", "\(isolated.server.log)")
        let reason = row["reason"]?.string ?? ""
        #expect(reason.contains("runs isolated: it ended the server with signal 6"), "\(reason)")
        try restart(isolated)
      }
      // What it does now costs the server nothing.
      _ = try? isolated.answer("method=roles&value=answer-abort")
      #expect(isolated.server.process?.poll() == nil)
      _ = try isolated.command("reload")
      #expect(try row(isolated)["mode"]?.string == "inproc", "\(isolated.server.log)")
      #expect(isolated.server.terminate() == .code(0))
    }

    @Test("One that the pipeline waits for is isolated instead: it ends the server no more")
    func holding() throws {
      let isolated = try server("")
      defer { isolated.remove() }
      try crash("committed", isolated)
      let row = try row(isolated)
      #expect(row["state"]?.string == "running", "\(isolated.server.log)")
      #expect(row["mode"]?.string == "isolated", "\(isolated.server.log)")
      #expect(row["reason"]?.string?.contains("in a committed hook") == true, "\(row)")
      // It is told of the same commit again, and ends its runners.
      let deadline = Clock.now + 20
      let stays = "plugin not quarantined: the pipeline waits for it"
      while !isolated.server.log.contains(stays), Clock.now < deadline { usleep(20_000) }
      #expect(isolated.server.log.contains(stays), "\(isolated.server.log)")
      try isolated.accept([.init(device: "other", minute: 2)])
      #expect(isolated.server.process?.poll() == nil)
      #expect(isolated.server.terminate() == .code(0), "\(isolated.server.log)")
    }

    @Test("Safe starts judge nobody: the next start that runs plugins does, once")
    func judgedLater() throws {
      let isolated = try server()
      defer { isolated.remove() }
      let server = isolated.server
      #expect(throws: HarnessError.self) {
        try isolated.answer("method=roles&value=answer-abort")
      }
      #expect(server.process?.wait(seconds: 20) == .signal(SIGABRT), "\(server.log)")
      for _ in 0..<2 {
        try server.launch(arguments: ["--safe"])
        try #require(server.waitUntilReady(), "\(server.log)")
        #expect(server.terminate() == .code(0))
      }
      try server.start()
      let reason = try row(isolated)["reason"]?.string ?? ""
      #expect(reason.contains("SIGABRT) in an answer"), "\(reason) \(server.log)")
      #expect(try row(isolated)["state"]?.string == "quarantined")
      _ = try isolated.command("reload")
      try restart(isolated)
      #expect(try row(isolated)["state"]?.string == "running", "\(server.log)")
      #expect(server.terminate() == .code(0))
    }

    @Test("With on_fault: restart it goes on as it was")
    func restarts() throws {
      let isolated = try server(", on_fault: restart")
      defer { isolated.remove() }
      try crash("answer", isolated)
      #expect(try row(isolated)["state"]?.string == "running")
      #expect(try row(isolated)["mode"]?.string == "inproc")
      #expect(isolated.server.terminate() == .code(0))
    }
  }
}
