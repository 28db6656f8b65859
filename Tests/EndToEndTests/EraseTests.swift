import Foundation
import Harness
import Testing

extension EndToEnd {
  /// Erasing a user, and a search through every byte the server wrote.
  @Suite(.serialized) struct EraseTests {
    private static let device = "device-4711-of-ada"
    /// Another device, which turns out to be that user's.
    private static let tablet = "tablet-0815-of-ada"
    private static let marks = [device, tablet, "Forgettable", "ada@example.org"]

    private func send(_ server: TallyServer, _ query: String) throws {
      let reply = try server.connect().get("/i?app_key=\(server.keys.appKey)&\(query)")
      #expect(reply.status == 200)
    }

    private func order(_ server: TallyServer, _ path: String, _ query: String) throws -> HTTPReply {
      try server.connect(seconds: 60).get(
        "\(path)?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)&\(query)")
    }

    /// What the erased user did, between what somebody else did.
    private func fill(_ server: TallyServer, isMerged: Bool) throws {
      let now = Clock.unixMilliseconds - 3_600_000
      let details = "%7B%22name%22:%22Forgettable%22,%22email%22:%22ada@example.org%22%7D"
      for round in 0..<20 {
        try send(
          server,
          "device_id=\(Self.device)&timestamp=\(now + Int64(round))&user_details=\(details)")
        try send(server, "device_id=keeper&timestamp=\(now + Int64(round))&begin_session=1")
      }
      let body =
        "app_key=\(server.keys.appKey)&requests=%5B%7B%22device_id%22:%22\(Self.device)%22,"
        + "%22timestamp%22:\(now + 100)%7D,%7B%22device_id%22:%22keeper%22%7D%5D"
      #expect(
        try server.connect().send(
          "POST", "/i/bulk", headers: ["Content-Type: application/x-www-form-urlencoded"],
          body: Array(body.utf8)
        ).status == 200)
      _ = try order(
        server, "/i/app_users/update",
        "query=%7B%22did%22:%22\(Self.device)%22%7D"
          + "&update=%7B%22organization%22:%22Forgettable%22%7D")
      if isMerged {
        try send(server, "device_id=\(Self.tablet)&timestamp=\(now + 200)&begin_session=1")
        _ = try order(server, "/i/app_users/export", Self.query(Self.device))
        try send(
          server, "device_id=\(Self.tablet)&old_device_id=\(Self.device)&timestamp=\(now + 300)")
        try send(server, "device_id=\(Self.device)&timestamp=\(now + 400)&end_session=1")
      }
      try server.settle()
    }

    private static func query(_ device: String) -> String {
      "query=%7B%22did%22:%22\(device)%22%7D"
    }

    /// The files that hold one of the marks.
    private func found(_ server: TallyServer) throws -> [String] {
      let names =
        FileManager.default.enumerator(atPath: server.dataPath)?.compactMap { $0 as? String } ?? []
      return names.filter { name in
        guard let bytes = FileManager.default.contents(atPath: server.dataPath + "/" + name) else {
          return false
        }
        return Self.marks.contains { bytes.range(of: Data($0.utf8)) != nil }
      }
    }

    @Test(
      "After an erase no byte of the data folder speaks of the user, nor of who was merged into it",
      arguments: [nil, device, tablet])
    func everywhere(merged: String?) throws {
      let server = try TallyServer()
      try server.start()
      try fill(server, isMerged: merged != nil)
      let exported = try order(server, "/i/app_users/export", Self.query(merged ?? Self.device))
      #expect(exported.status == 200, "\(exported.text)")
      let before = try found(server)
      for place in ["journal", "raw", "tally.db", "exports"] {
        #expect(before.contains { $0.hasPrefix(place) }, "\(place) is not in \(before)")
      }
      let reply = try order(server, "/i/app_users/delete", Self.query(merged ?? Self.device))
      #expect(reply.status == 200, "\(reply.text)")
      _ = try Patience.wait { try found(server).isEmpty }
      #expect(try found(server) == [])
      try checkOthers(server, next: merged == nil ? "3" : "4")
      #expect(server.terminate() == .code(0))
      #expect(try found(server) == [])
    }

    /// Nobody else lost anything, and whoever comes back is new.
    private func checkOthers(_ server: TallyServer, next: String) throws {
      let keeper = try order(server, "/o", "method=user_details&did=keeper")
      #expect(keeper.text.contains("\"uid\":\"2\""), "\(keeper.text)")
      let export = try order(server, "/i/app_users/export", Self.query("keeper"))
      #expect(export.status == 200)
      let file = server.dataPath + "/exports/appUser_\(server.keys.appID)_2.json"
      let text = String(
        decoding: FileManager.default.contents(atPath: file) ?? Data(), as: UTF8.self)
      #expect(text.components(separatedBy: "\"timestamp\":").count > 20)
      try send(server, "device_id=somebody-new&timestamp=\(Clock.unixMilliseconds)")
      let new = try order(server, "/o", "method=user_details&did=somebody-new")
      #expect(new.text.contains("\"uid\":\"\(next)\""), "\(new.text)")
    }

    @Test(
      "An erasure that a crash interrupts goes on with the next start", arguments: [false, true])
    func interrupted(isMerged: Bool) throws {
      let server = try TallyServer()
      try server.start()
      try fill(server, isMerged: isMerged)
      let connection = server.connect(seconds: 60)
      let killer = Thread { [server] in
        usleep(20_000)
        server.kill()
      }
      killer.start()
      let target =
        "/i/app_users/delete?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)"
        + "&" + Self.query(Self.device)
      let reply = try? connection.get(target)
      while !killer.isFinished { usleep(1_000) }
      try server.start()
      if reply?.status != 200 {
        // Killed before it was accepted, or after: then there is nobody any more.
        let again = try server.connect(seconds: 60).get(target)
        #expect([200, 400].contains(again.status), "\(again.text)")
      }
      _ = try Patience.wait { try found(server).isEmpty }
      #expect(try found(server) == [])
    }
  }
}
