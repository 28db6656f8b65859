import Glibc
import Harness
import Testing

extension EndToEnd {
  /// The file of places as an operator meets it.
  @Suite(.serialized) struct PlaceFileTests {
    private func server(_ host: String) throws -> TallyServer {
      try TallyServer(
        config: """
          host:
            \(host)
            limits: { journal_segment_bytes: 1048576, read_wait_ms: 5000 }
          plugins:
            views: { enabled: true }

          """)
    }

    private func file(_ country: String) throws -> PlaceFile {
      PlaceFile([try #require(PlaceFile.Place("127.0.0.0/8", country: country))])
    }

    private func begin(_ device: Int, on server: TallyServer, _ connection: HTTPConnection) throws {
      let reply = try connection.get(
        "/i?app_key=\(server.keys.appKey)&device_id=d\(device)&begin_session=1")
      #expect(reply.status == 200, "\(reply.text)")
    }

    private func countries(_ server: TallyServer) throws -> Set<String> {
      let list = try server.ask("method=countries&period=day")["meta"]?["countries"]?.array
      return Set((list ?? []).compactMap(\.string))
    }

    @Test("A server starts without a broken file, says so, and takes a good one when it comes")
    func late() throws {
      let server = try server("place_file: places.mmdb")
      let path = server.folder + "/places.mmdb"
      try Files.write("<html>", to: path)
      try server.start()
      #expect(server.log.contains("\(path): it is no database of places"), "\(server.log)")
      #expect(server.log.contains("put a MaxMind DB file (.mmdb) there that is complete"))
      let connection = server.connect()
      try begin(1, on: server, connection)
      #expect(try countries(server) == ["Unknown"])
      try file("DE").put(at: path)
      try wait(server, lookups: "Test-City of 2025-11-17")
      try begin(2, on: server, connection)
      #expect(try countries(server) == ["Unknown", "DE"])
      #expect(server.terminate() == .code(0))
    }

    @Test("Files are replaced under load, and no request is dropped")
    func underLoad() throws {
      let server = try server("place_file: places.mmdb")
      let path = server.folder + "/places.mmdb"
      try file("DE").put(at: path)
      try server.start()
      let connection = server.connect()
      for device in 0..<600 {
        if device % 50 == 0 { try file(device % 100 == 0 ? "FR" : "DE").put(at: path) }
        try begin(device, on: server, connection)
      }
      let users = try server.ask("method=countries&period=day")
      #expect(try countries(server).isSubset(of: ["DE", "FR"]), "\(users)")
      #expect(try server.metric("tally_place_files_refused_total") == 0)
      #expect(try server.metric("tally_items_total") == 1_200, "accepted and stored")
      #expect(server.terminate() == .code(0))
    }

    @Test("A check reads the file, and fails when it cannot be used")
    func check() throws {
      let server = try server("place_file: places.mmdb")
      let path = server.folder + "/places.mmdb"
      let arguments = [TallyServer.binary, "check", "--explain", "--config", server.configPath]
      let missing = try Subprocess.run(arguments)
      #expect(missing.status == .code(1))
      #expect(missing.output.contains("places: \(path): No such file or directory; put the file"))
      try file("DE").put(at: path)
      let good = try Subprocess.run(arguments)
      #expect(good.status == .code(0), "\(good.output)")
      #expect(good.output.contains("places: \(path), Test-City of 2025-11-17"))
      #expect(good.output.contains("host.place_file"))
    }

    private func wait(_ server: TallyServer, lookups database: String) throws {
      let deadline = Clock.now + Patience.seconds
      while Clock.now < deadline, !server.log.contains(database) { usleep(5_000) }
      #expect(server.log.contains(database), "\(server.log)")
    }
  }
}
