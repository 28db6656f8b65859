import Foundation
import Harness
import Testing

extension FaultsEndToEnd {
  /// What is told of users who turned out to be one.
  @Suite(.serialized) struct MergedUserTests {
    /// Sends a label of two devices, and that they are one.
    private func merge(_ isolated: IsolatedServer) throws {
      try isolated.accept([
        .init(device: "a", minute: 0, members: ["label": "\"ada\""]),
        .init(device: "b", minute: 1, members: ["label": "\"bea\""]),
      ])
      try isolated.server.settle()
      try isolated.accept([.init(device: "b", minute: 2, members: ["old_device_id": "\"a\""])])
      try isolated.server.settle()
    }

    /// The numbers of users found by a text.
    private func found(_ isolated: IsolatedServer, _ text: String) throws -> [String] {
      let answer = try isolated.server.ask("method=user_details&sSearch=\(text)")
      return (answer["aaData"]?.array ?? []).compactMap { $0["uid"]?.string }
    }

    @Test(
      "A plugin says by what the one user is found, in either lane",
      arguments: [
        "inproc", "isolated",
      ])
    func found(mode: String) throws {
      let isolated = try IsolatedServer([("joins", mode)])
      defer { isolated.remove() }
      try merge(isolated)
      #expect(try found(isolated, "bea%2Bada") == ["2"])
      #expect(try found(isolated, "ada") == [])
      #expect(isolated.server.terminate() == .code(0), "\(isolated.server.log)")
    }

    @Test(
      "One that finds by nothing is refused, and what was there stays",
      arguments: [
        "inproc", "isolated",
      ])
    func refused(mode: String) throws {
      let isolated = try IsolatedServer([("joins", mode)], macros: ["FIXTURE_EMPTY_NAME"])
      defer { isolated.remove() }
      try merge(isolated)
      #expect(try found(isolated, "bea") == ["2"])
      #expect(try found(isolated, "bea%2B") == [])
      #expect(isolated.server.log.contains("find_by needs names"), "\(isolated.server.log)")
      #expect(isolated.server.terminate() == .code(0))
    }

    @Test(
      "A plugin that dies of a merge keeps one cell and everybody else's; the users are one",
      arguments: ["inproc", "isolated"])
    func trapped(mode: String) throws {
      let isolated = try IsolatedServer([("joins", mode)], macros: ["FIXTURE_MERGE_TRAPS"])
      defer { isolated.remove() }
      let server = isolated.server
      for (minute, device) in ["poison", "bea", "carl"].enumerated() {
        let label = ["label": JSON.quote(device)]
        try isolated.accept([.init(device: device, minute: minute, members: label)])
      }
      try server.settle()
      let merges = ["poison", "carl"].enumerated().map { place, old in
        let merge = ["old_device_id": JSON.quote(old)]
        return IsolatedServer.Item(device: "bea", minute: 9 + place, members: merge)
      }
      // In its own process the plugin takes the server along, maybe before that has answered.
      try? isolated.accept(merges)
      var deaths = 0
      let isOver = try Patience.wait {
        guard server.process?.wait(seconds: 0.05) != nil else {
          return try found(isolated, "bea%2Bcarl") == ["2"]
        }
        deaths += 1
        try server.start()
        return deaths == 6
      }
      #expect(isOver, "\(server.log.suffix(4_000))")
      #expect(deaths == (mode == "inproc" ? 1 : 0))
      #expect(try found(isolated, "bea%2Bcarl") == ["2"])
      #expect(try server.ask("method=user_details")["iTotalRecords"] == .number(1))
      #expect(server.log.contains("could not merge"), "\(server.log)")
      #expect(server.terminate() == .code(0))
    }

    private func get(_ server: TallyServer, _ path: String, _ query: String) throws -> JSON {
      let reply = try server.connect(seconds: 30).get(
        "\(path)?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)&\(query)")
      try #require(reply.status == 200, "\(reply.text)")
      return try JSON(reply.text)
    }

    private func send(_ server: TallyServer, _ query: String) throws {
      let reply = try server.connect().get("/i?app_key=\(server.keys.appKey)&\(query)")
      #expect(reply.status == 200)
      try server.settle()
    }

    private func values(_ answer: JSON) -> [Double] {
      (answer["groups"]?.array ?? []).flatMap { $0["values"]?.array ?? [] }.compactMap(\.number)
    }

    @Test("Raw items and the live view know one user, also of what was before")
    func one() throws {
      let server = try TallyServer()
      try server.start()
      for device in ["a", "b", "c"] { try send(server, "device_id=\(device)&begin_session=1") }
      // Who looked before hears of the merge, and who looks later reads of it.
      #expect(try get(server, "/o/live", "")["online"] == .number(3))
      try send(server, "device_id=b&old_device_id=a")
      try send(server, "device_id=c&old_device_id=b")
      let users = "%7B%22rows%22:%22items%22,%22measures%22:%5B%7B%22kind%22:%22users%22%7D%5D%7D"
      let byUser = "%7B%22rows%22:%22items%22,%22group%22:%5B%22user%22%5D%7D"
      for _ in 0..<2 {
        #expect(try get(server, "/o/live", "")["online"] == .number(1))
        #expect(try get(server, "/o/live", "")["users"] == .number(1))
        #expect(try values(get(server, "/o/raw", "query=\(users)")) == [1])
        let groups = try get(server, "/o/raw", "query=\(byUser)")
        #expect(values(groups) == [5])
        #expect(groups["groups"]?.array?.first?["group"]?.array == [.string("3")])
        #expect(server.terminate() == .code(0))
        try server.start()
      }
    }

    private func users(_ server: TallyServer, _ query: String = "") throws -> [String] {
      let answer = try server.ask("method=user_details&\(query)")
      return (answer["aaData"]?.array ?? []).compactMap { $0["did"]?.string }.sorted()
    }

    @Test("An old device that is named before it ever sent is the new one's when its requests come")
    func namedBefore() throws {
      let server = try TallyServer()
      try server.start()
      let time = Clock.unixMilliseconds - 3_600_000
      try send(server, "device_id=new&old_device_id=old&begin_session=1&timestamp=\(time)")
      // Whoever else names it is somebody else all the same.
      try send(server, "device_id=other&old_device_id=old&begin_session=1&timestamp=\(time)")
      try send(server, "device_id=old&begin_session=1&timestamp=\(time - 1_000)")
      server.kill()
      try server.start()
      try send(server, "device_id=old&begin_session=1&timestamp=\(time - 2_000)")
      #expect(try users(server) == ["new", "other"])
      let day = try server.ask("method=users&period=7days").object ?? [:]
      let years = day.filter { Int($0.key) != nil }.values
      #expect(years.compactMap { $0["t"]?.number }.reduce(0, +) == 4)
      #expect(years.compactMap { $0["n"]?.number }.reduce(0, +) == 2)
      _ = try get(server, "/i/app_users/delete", "query=%7B%22did%22:%22new%22%7D")
      #expect(try users(server) == ["other"])
      // The name went along: it is free for somebody new.
      try send(server, "device_id=old&begin_session=1&timestamp=\(time - 3_000)")
      #expect(try users(server) == ["old", "other"])
      #expect(server.terminate() == .code(0), "\(server.log)")
    }

    /// Pairs of devices, some of them merged twice, in circles and with themselves.
    private func pairs(_ count: Int, of devices: Int) -> [(old: Int, new: Int)] {
      var random = SeededGenerator(seed: 5)
      return (0..<count).map { _ in
        (random.int(0...devices - 1), random.int(0...devices - 1))
      }
    }

    /// How many users are left, whatever the order of the merges.
    private func usersLeft(_ pairs: [(old: Int, new: Int)], of devices: Int) -> Int {
      var groups = Array(0..<devices)
      for (old, new) in pairs {
        let (gone, kept) = (groups[old], groups[new])
        groups = groups.map { $0 == gone ? kept : $0 }
      }
      return Set(groups).count
    }

    @Test("Merges at once, in any order and through kills: nothing counted is lost or doubled")
    func atOnce() throws {
      let (devices, clients) = (40, 4)
      let pairs = pairs(36, of: devices)
      let server = try TallyServer()
      try server.start()
      let time = Clock.unixMilliseconds - 7_200_000
      for device in 0..<devices {
        try send(server, "device_id=d\(device)&begin_session=1&timestamp=\(time)")
      }
      let ended = DispatchSemaphore(value: 0)
      for client in 0..<clients {
        Thread.detachNewThread {
          let connection = server.connect()
          for (place, pair) in pairs.enumerated() where place % clients == client {
            _ = try? connection.get(
              "/i?app_key=\(server.keys.appKey)&device_id=d\(pair.new)&old_device_id=d\(pair.old)"
                + "&timestamp=\(time + Int64(place) * 1_000)&begin_session=1")
          }
          ended.signal()
        }
      }
      for _ in 0..<clients { ended.wait() }
      try server.settle()
      server.kill()
      try server.start()
      let left = try server.ask("method=user_details")["iTotalRecords"]
      #expect(left == .number(Double(usersLeft(pairs, of: devices))))
      let sessions = try server.ask("method=users&period=7days").object ?? [:]
      let counted = sessions.filter { Int($0.key) != nil }.values.compactMap { $0["t"]?.number }
      #expect(counted.reduce(0, +) == Double(devices + pairs.count))
      #expect(server.terminate() == .code(0), "\(server.log)")
      let (status, report) = try server.rebuild()
      #expect(status == .code(0), "\(report)")
      #expect(try JSON(report)["differing"] == .number(0), "\(report)")
    }
  }
}
