import Foundation
import Harness
import Testing

extension EndToEnd {
  /// What becomes of the addresses of clients, told by the bytes of every file.
  @Suite(.serialized) struct AddressTests {
    /// Addresses that requests carry, as text and, of the longest, as bytes.
    private static let texts = [
      "203.0.113.77", "198.51.100.23", "192.0.2.199", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1234",
      "2001%3Adb8%3Aaaaa%3Abbbb", "203\\u002e0", "203.0.113.0", "198.51.100.0",
    ]
    private static let needles =
      texts.map { Array($0.utf8) }
      + [[0x20, 0x01, 0x0d, 0xb8, 0xaa, 0xaa, 0xbb, 0xbb, 0xcc, 0xcc, 0xdd, 0xdd]]

    private func server(_ addresses: String) throws -> TallyServer {
      let server = try TallyServer(
        config: """
          host:
            \(addresses)
            trusted_proxies: 127.0.0.1
            place_file: places.mmdb
            limits: { journal_segment_bytes: 1048576, read_wait_ms: 5000 }
          plugins:
            views: { enabled: true }

          """)
      try PlaceFile(
        [PlaceFile.Place("203.0.113.0/24", country: "DE")].compactMap { $0 }
      ).put(at: server.folder + "/places.mmdb")
      return server
    }

    /// Every way in which an address comes.
    private func send(to server: TallyServer, _ device: String) throws {
      let connection = server.connect()
      let ids = "app_key=\(server.keys.appKey)&device_id=\(device)"
      let header = ["X-Forwarded-For: 192.0.2.199, 203.0.113.77"]
      let six = "2001%3Adb8%3Aaaaa%3Abbbb%3Acccc%3Adddd%3Aeeee%3A1234"
      let form = ["Content-Type: application/x-www-form-urlencoded"] + header
      let items = #"""
        [{"device_id":"\#(device)b","ip_address":"198.51.100.23","events":[{"key":"k"}]},
        {"device_id":"\#(device)c","ip":"203\u002e0.113.77"},{"device_id":"\#(device)d","begin_session":1}]
        """#
      let requests: [(method: String, target: String, headers: [String], body: String?)] = [
        ("GET", "/i?\(ids)&begin_session=1&ip_address=198.51.100.23&ip=203.0.113.77", header, nil),
        ("POST", "/i?ip=198.51.100.23", form, "\(ids)&ip_address=\(six)&events=[{\"key\":\"k\"}]"),
        (
          "POST", "/i?\(ids)", ["Content-Type: application/json"] + header,
          #"{"ip_address":"203\u002e0.113.77","ip":"198.51.100.23","begin_session":1}"#
        ),
        ("POST", "/i/bulk", form, "app_key=\(server.keys.appKey)&requests=\(items)"),
        (
          "POST", "/i/bulk?ip_address=\(six)", form,
          "app_key=\(server.keys.appKey)&requests=\(items)"
        ),
      ]
      for (method, target, headers, body) in requests {
        let reply = try connection.send(
          method, target, headers: headers, body: body.map { Array($0.utf8) })
        #expect(reply.status == 200, "\(target) answered \(reply.status) \(reply.text)")
      }
    }

    /// The files of the data folder, and the log, that hold one of the addresses.
    private func leaks(_ server: TallyServer) throws -> [String] {
      let files = Files.tree(server.dataPath).map { server.dataPath + "/" + $0 }
      #expect(files.count > 4)
      let leaking = (files + [server.logPath]).filter(Self.holdsAddress)
      return leaking.map { String($0.dropFirst(server.folder.count + 1)) }
    }

    private static func holdsAddress(_ path: String) -> Bool {
      // A socket has no bytes.
      guard let bytes = FileManager.default.contents(atPath: path) else { return false }
      return needles.contains { bytes.range(of: Data($0)) != nil }
    }

    /// Everything there is to find: entries that wait in the journal, then spare files, counted
    /// items and their rows.
    private func run(_ server: TallyServer) throws -> [String] {
      try server.start()
      try send(to: server, "before")
      try server.settle()
      try send(to: server, "after")
      server.kill()
      var found = try leaks(server)
      try server.start()
      try send(to: server, "again")
      try server.settle()
      found += try leaks(server)
      #expect(server.terminate() == .code(0))
      return found + (try leaks(server))
    }

    @Test("Dropped or shortened, an address is in no file; kept, it is where items are")
    func files() throws {
      for mode in ["drop", "truncate"] {
        #expect(try run(try server("client_addresses: \(mode)")) == [], "\(mode)")
      }
      let kept = try run(try server("client_addresses: keep"))
      #expect(kept.contains { $0.hasPrefix("data/journal/") }, "the search finds nothing anywhere")
      #expect(kept.contains { $0.hasPrefix("data/raw/") }, "the search finds nothing anywhere")
    }

    @Test("One app's rule holds for that app")
    func oneApp() throws {
      let server = try server("listen: 127.0.0.1:0")
      let config = try Files.text(server.configPath)
      try Files.write(
        config.replacing(
          "  listen: 127.0.0.1:0", with: "  client_addresses_by_app: \(server.keys.appID)=drop"),
        to: server.configPath)
      #expect(try run(server) == [])
    }
  }
}
