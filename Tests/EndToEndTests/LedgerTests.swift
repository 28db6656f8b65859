import Foundation
import Harness
import Testing

extension EndToEnd {
  @Suite(.serialized) struct LedgerTests {
    private static let fault = ["TALLY_FAULT": "hook-trap"]

    /// What is wrong with the books of the server at this moment.
    private func complaints(_ report: JSON, atLeast: Double) -> [String] {
      let lines = report["apps"]?.array ?? []
      var found: [String] = []
      for line in lines {
        let number = { (name: String) in line[name]?.number ?? .nan }
        let rejected = (line["rejected"]?.object ?? [:]).values.compactMap(\.number).reduce(0, +)
        let pending = number("pending")
        if number("accepted") != number("stored") + rejected + pending || pending < 0 {
          found.append("unbalanced: \(line.text)")
        }
      }
      let accepted = lines.compactMap { $0["accepted"]?.number }.reduce(0, +)
      if accepted < atLeast { found.append("\(atLeast) were accepted before: \(report.text)") }
      return found
    }

    private func ledger(_ server: TallyServer) throws -> JSON {
      let reply = try server.connect(seconds: 30).get("/o/ledger?api_key=\(server.keys.apiKey)")
      #expect(reply.status == 200, "\(reply.text)")
      return try JSON(reply.text)
    }

    @Test("At any moment, through kills and a dead letter, accepted = stored + rejected + pending")
    func always() throws {
      var random = SeededGenerator(seed: 21)
      let server = try TallyServer()
      try server.start(environment: Self.fault)
      let load = Load(server)
      var known = 0.0
      for round in 0..<40 {
        usleep(UInt32(random.int(1_000...60_000)))
        if round == 10 {
          let now = Clock.unixMilliseconds - 60_000
          let poison = "/i?app_key=\(server.keys.appKey)&device_id=p&timestamp=\(now)&trap_me=1"
          _ = try? server.connect().get(poison)
        }
        if round % 8 == 7 { server.kill() }
        // The poison may end it at any time, until it is a dead letter.
        guard server.process?.poll() == nil, server.process != nil else {
          server.kill()
          try? server.start(environment: Self.fault)
          continue
        }
        // Requests that were answered are in the journal: none of them may be missing.
        let answered = Double(load.accepted)
        guard let report = try? ledger(server) else { continue }
        #expect(complaints(report, atLeast: max(known, answered)) == [])
        known = max(
          known, (report["apps"]?.array ?? []).compactMap { $0["accepted"]?.number }.reduce(0, +))
      }
      load.stop()
      if server.process?.poll() != nil || server.process == nil {
        server.kill()
        try server.start(environment: Self.fault)
      }
      #expect(load.complaints() == [], "\(load.summary)\n\(server.log.suffix(2_000))")
      try finish(server, load)
    }

    /// At rest nothing is pending, each request is stored once, and the command says the same with
    /// and without a server.
    private func finish(_ server: TallyServer, _ load: Load) throws {
      let line = try #require(try ledger(server)["apps"]?.array?.last)
      #expect(line["pending"] == .number(0))
      // The poisoned item is stored, and what one plugin could not take is counted beside it.
      #expect(line["stored"] == .number(Double(load.items + 1)))
      #expect(line["dead_letters"] == .number(1))
      let arguments = [TallyServer.binary, "ledger", "--data", server.dataPath, "--json"]
      let (_, beside) = try Subprocess.run(arguments)
      #expect(server.terminate() == .code(0))
      let (status, alone) = try Subprocess.run(arguments)
      #expect(status == .code(0))
      let (one, other) = (try JSON(beside), try JSON(alone))
      #expect(one["apps"] == other["apps"])
      #expect(one["apps"]?.array?.last == line)
    }

    @Test("Without an app only who may do everything is answered; an unknown app is refused")
    func access() throws {
      let server = try TallyServer()
      try server.start()
      let connection = server.connect()
      #expect(try connection.get("/o/ledger").status == 400)
      #expect(try connection.get("/o/ledger?api_key=wrong").status == 401)
      let unknown = String(repeating: "0", count: 24)
      let key = "api_key=\(server.keys.apiKey)"
      #expect(try connection.get("/o/ledger?\(key)&app_id=\(unknown)").status == 401)
      #expect(try connection.get("/o/ledger?\(key)&app_id=7").status == 400)
      let one = try JSON(
        connection.get("/o/ledger?\(key)&app_id=\(server.keys.appID)").text)
      #expect(
        one["apps"]?.text
          == #"[{"accepted":0,"app_id":"\#(server.keys.appID)","dead_letters":0,"pending":0,"rejected":{},"stored":0}]"#
      )
    }
  }
}
