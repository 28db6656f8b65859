import Foundation
import Harness
import Testing

extension EndToEnd {
  /// Users who turn out to be others, as plugins see it.
  @Suite(.serialized) struct MergeTests {
    private static let devices = (0..<9).map { "device-\($0)" }
    private static let questions = [
      "method=views&period=60days&action=getTable", "method=views&period=60days&action=getTotals",
      "method=users&period=60days",
    ]

    /// Sessions, views and merges of a few devices, seeded.
    private func items(_ round: Int, _ random: inout SeededGenerator) -> [IsolatedServer.Item] {
      (0..<20).map { place in
        let number = round * 20 + place
        let view = "[{\"key\":\"[CLY]_view\",\"segmentation\":{\"name\":\"v\(random.next() % 3)\","
        var members = ["events": view + "\"visit\":1,\"segment\":\"Web\"}}]"]
        if random.chance(30) { members["begin_session"] = "1" }
        if random.chance(20) { members["end_session"] = "1" }
        if random.chance(10) { members["old_device_id"] = JSON.quote(random.pick(Self.devices)) }
        return .init(device: random.pick(Self.devices), minute: number, members: members)
      }
    }

    /// What is answered after the same requests; `absent` rounds go by while views are off.
    private func answers(
      mode: String, absent: Range<Int> = 0..<0, from first: Int64
    ) throws -> [String] {
      let isolated = try IsolatedServer([("views", mode)], firstMillisecond: first)
      defer { isolated.remove() }
      var random = SeededGenerator(seed: 11)
      for round in 0..<10 {
        if !absent.isEmpty, round == absent.lowerBound {
          _ = try isolated.command("disable", "views")
        }
        if !absent.isEmpty, round == absent.upperBound {
          _ = try isolated.command("enable", "views")
        }
        try isolated.accept(items(round, &random))
        try isolated.server.settle()
      }
      try isolated.waitUntilAtHead()
      let answers = try Self.questions.map { "\($0): \(try isolated.answer($0))" }
      #expect(!isolated.server.log.contains("could not merge"), "\(isolated.server.log)")
      #expect(isolated.server.terminate() == .code(0), "\(isolated.server.log)")
      return answers
    }

    @Test("A plugin merges in its turn: live, isolated, and when it was off in between")
    func sameEverywhere() throws {
      let first = Clock.unixMilliseconds - 40 * 86_400_000
      let live = try answers(mode: "inproc", from: first)
      let isolated = try answers(mode: "isolated", from: first)
      let late = try answers(mode: "inproc", absent: 2..<7, from: first)
      for (one, other) in zip(live, isolated) { #expect(one == other) }
      for (one, other) in zip(live, late) { #expect(one == other) }
      #expect(live[0].contains("\"t\":"), "\(live[0])")
    }

    @Test("Plugins that listen hear who was merged into whom, once, also over a restart")
    func told() throws {
      let server = try FixtureServer.make("hears")
      let environment = ["HEARS_FILE": server.folder + "/heard"]
      try server.start(environment: environment)
      let connection = server.connect()
      let key = server.keys.appKey
      for query in [
        "device_id=a", "device_id=b", "device_id=b&old_device_id=a&timestamp=1717243200",
      ] {
        #expect(try connection.get("/i?app_key=\(key)&\(query)").status == 200)
      }
      let expected = ["4 app 1 \(server.keys.appID) name  detail  at a time", "user 1 into 2"]
      let deadline = Clock.now + 10
      while lines(server).count < expected.count, Clock.now < deadline { usleep(10_000) }
      #expect(lines(server) == expected, "\(server.log)")
      #expect(server.terminate() == .code(0))
      try server.start(environment: environment)
      // The old device leads to the same user, so that there is nothing to merge any more.
      let again = "/i?app_key=\(key)&device_id=b&old_device_id=a&timestamp=1717243201"
      #expect(try server.connect().get(again).status == 200)
      try server.settle()
      #expect(lines(server) == expected)
      try erased(server, heard: expected)
      #expect(server.terminate() == .code(0))
    }

    @Test("Who was merged is told with the next start when the server dies right behind the commit")
    func toldLater() throws {
      let server = try FixtureServer.make("hears")
      let heard = ["HEARS_FILE": server.folder + "/heard"]
      try server.start(environment: heard)
      let key = server.keys.appKey
      for device in ["a", "b"] {
        #expect(try server.connect().get("/i?app_key=\(key)&device_id=\(device)").status == 200)
      }
      try server.settle()
      #expect(server.terminate() == .code(0))
      // The first commit of a run says who counts.
      try server.start(
        environment: heard.merging(["TALLY_FAULT": "after-main-commit:2"]) { $1 })
      _ = try? server.connect().get("/i?app_key=\(key)&device_id=b&old_device_id=a&timestamp=1")
      #expect(server.process?.wait(seconds: 20) != nil, "the server goes on")
      #expect(lines(server) == [])
      try server.start(environment: heard)
      _ = Patience.wait { lines(server).count >= 2 }
      #expect(lines(server).last == "user 1 into 2", "\(server.log)")
      #expect(server.terminate() == .code(0))
      let before = lines(server)
      try server.start(environment: heard)
      try server.settle()
      #expect(server.terminate() == .code(0))
      #expect(lines(server) == before, "what is told is not told again")
    }

    /// An erasure is told of every number the user had.
    private func erased(_ server: TallyServer, heard: [String]) throws {
      let reply = try server.connect(seconds: 60).get(
        "/i/app_users/delete?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)"
          + "&query=%7B%22did%22:%22a%22%7D")
      #expect(reply.status == 200, "\(reply.text)")
      let gone = "5 app 1 \(server.keys.appID) name  detail  at a time"
      let all = heard + [gone, "user 1 into 0", gone, "user 2 into 0"]
      _ = Patience.wait { lines(server).count >= all.count }
      #expect(lines(server) == all)
    }

    private func lines(_ server: TallyServer) -> [String] {
      ((try? Files.text(server.folder + "/heard")) ?? "").split(separator: "\n").map(String.init)
    }
  }
}
