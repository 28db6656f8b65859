import Foundation
import Harness
import Testing

extension IsolatedEndToEnd {
  /// The same library, the same requests: both lanes answer with the same bytes.
  @Suite(.serialized) struct IsolatedEqualityTests {
    private static let values = [
      "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "a", "b",
      "refuse", "garbage", "Ωmega",
    ]

    /// Everything the plugins answer after the same seeded requests, with a restart in between that
    /// makes the runner forget what it was told.
    private func answers(mode: String, from first: Int64) throws -> [String] {
      let lanes = [("prober", mode), ("taps", mode), ("views", mode)]
      let isolated = try IsolatedServer(lanes, firstMillisecond: first)
      defer { isolated.remove() }
      var random = SeededGenerator(seed: 7)
      for round in 0..<12 {
        if round == 6 {
          #expect(isolated.server.terminate() == .code(0), "\(isolated.server.log)")
          try isolated.server.start()
        }
        try isolated.accept((0..<30).map { item($0 + round * 30, &random) })
        // Batches differ between two servers unless each request is counted before the next.
        try isolated.server.settle()
      }
      var answers = try Self.questions.map { "\($0): \(try isolated.answer($0))" }
      answers += try (0..<9).map { try portrait("device-\($0)", isolated) }
      answers += try page(isolated)
      answers.append(try told(isolated))
      answers.append("\(letters(isolated.server.log))")
      #expect(isolated.server.terminate() == .code(0), "\(isolated.server.log)")
      return answers
    }

    /// The document of a user, without what depends on the server.
    private func portrait(_ device: String, _ isolated: IsolatedServer) throws -> String {
      let answer = try isolated.answer("method=user_details&did=\(device)")
      return "\(answer.prefix(3)) \(try anywhere(JSON(answer.dropFirst(4))))"
    }

    private func anywhere(_ user: JSON) throws -> String {
      var members = try #require(user.object)
      members["_id"] = nil
      return JSON.object(members).text
    }

    /// The documents of all users, told of together.
    private func page(_ isolated: IsolatedServer) throws -> [String] {
      let answer = try isolated.server.ask("method=user_details&iDisplayLength=1000")
      return try (answer["aaData"]?.array ?? []).map(anywhere)
    }

    /// What a path with a captured segment, a method of its own and a body is told.
    private func told(_ isolated: IsolatedServer) throws -> String {
      let keys = isolated.server.keys
      let target = "/o/prober/seg?api_key=\(keys.apiKey)&app_id=\(keys.appID)"
      let reply = try isolated.server.connect().send(
        "PUT", target, headers: ["Content-Type: text/plain"], body: Array("the Ω body".utf8))
      return "\(reply.status) \(reply.text)"
    }

    private func item(_ number: Int, _ random: inout SeededGenerator) -> IsolatedServer.Item {
      let value = Self.values[Int(random.next() % UInt64(Self.values.count))]
      let device = "device-\(random.next() % 9)"
      let view = "[{\"key\":\"[CLY]_view\",\"count\":1,\"dur\":3,\"segmentation\":{\"name\":"
      return .init(
        device: device, minute: number + Int(random.next() % 40_000),
        members: [
          "probe": JSON.quote(value), "taps": JSON.quote(value),
          "begin_session": "1",
          "events": view + "\(JSON.quote(value)),\"visit\":1,\"start\":1,\"segment\":\"Web\"}}]",
        ])
    }

    private static let questions =
      ["t", "n", "l", "r", "c", "x", "alpha", "%5BCLY%5D_other"]
      .map { "method=prober&period=60days&view=\($0)" } + [
        "method=taps&period=60days", "method=views&period=60days&action=getTable",
        "method=views&period=60days&action=getTotals", "method=views&action=listNames",
        "method=views&action=get_view_count", "method=get_view_segments&period=60days",
        "method=users&period=60days",
      ]

    /// Dead letters, as they were logged: which item, and why.
    private func letters(_ log: String) -> [String] {
      log.split(separator: "\n").filter { $0.contains("dead letter") }
        .map { $0.components(separatedBy: " item=").dropFirst().joined() }
    }

    @Test("Isolated plugins answer what they answer in-process, byte for byte")
    func equality() throws {
      let first = Clock.unixMilliseconds - 40 * 86_400_000
      let inproc = try answers(mode: "inproc", from: first)
      let isolated = try answers(mode: "isolated", from: first)
      for (one, other) in zip(inproc, isolated) { #expect(one == other) }
      #expect(inproc.count == isolated.count)
      // What is compared says something.
      #expect(inproc[3].contains("own=63") && inproc[3].contains("own=0"), "\(inproc[3])")
      #expect(inproc[1].contains("[CLY]_other"), "\(inproc[1])")
      #expect(
        inproc.dropLast().last
          == "200 \"seg\"\"PUT\"\"/o/prober/seg\"\"text/plain\"\"the Ω body\"app 1 route 2 member 24 "
          + "ref 1 now 1 cancelled 0")
      let portraits = inproc.filter { $0.contains("\"did\":\"device-") }
      #expect(portraits.count == 2 * 9)
      #expect(portraits.contains { $0.contains(#""probe":{"app":1,"#) }, "\(portraits)")
      #expect(portraits.contains { !$0.contains("probe") }, "\(portraits)")
      #expect(inproc.last?.contains("asked to refuse") == true, "\(inproc.last ?? "")")
      #expect(inproc.last?.contains("was not registered") == true, "\(inproc.last ?? "")")
    }

    @Test("A page of users costs an isolated plugin a message for each hundred")
    func messages() throws {
      let isolated = try IsolatedServer([("prober", "isolated")])
      defer { isolated.remove() }
      let server = isolated.server
      func calls() throws -> Double {
        let reply = try server.connect().get("/o/plugins?api_key=\(server.keys.apiKey)")
        let row = try JSON(reply.text).array?.first { $0["code"]?.string == "prober" }
        return row?["other_calls"]?["describe"]?["calls"]?.number ?? 0
      }
      try isolated.accept(
        (0..<150).map {
          .init(device: "device-\($0)", minute: $0, members: ["probe": "\"alpha\""])
        })
      try server.settle()
      let before = try calls()
      let page = try server.ask("method=user_details&iDisplayLength=1000")["aaData"]?.array ?? []
      #expect(page.filter { $0["probe"] != nil }.count == 150)
      #expect(try calls() == before + 2)
      #expect(server.terminate() == .code(0), "\(server.log)")
    }
  }
}
