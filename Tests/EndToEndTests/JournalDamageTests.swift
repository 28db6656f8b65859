import Foundation
import Harness
import Testing

extension FaultsEndToEnd {
  /// What a damaged journal does to requests that the store does not have yet.
  @Suite(.serialized) struct JournalDamageTests {
    private static let requests = 12
    /// The first flush commits at once, the next would a minute later.
    private static let config = """
      host:
        limits: { journal_segment_bytes: 1048576, flush_interval_ms: 60000 }

      """

    /// A server that died with most accepted requests only in its journal, and its segment.
    private func crashed() throws -> (server: TallyServer, segment: String) {
      let server = try TallyServer(config: Self.config)
      try server.start()
      let connection = server.connect()
      for number in 0..<Self.requests {
        let target =
          "/i?app_key=\(server.keys.appKey)&device_id=d\(number)&begin_session=1"
          + "&timestamp=\(Clock.unixMilliseconds - 1_000)&padding="
          + String(repeating: "x", count: 200)
        try #require(try connection.get(target).status == 200)
      }
      server.kill()
      try Files.write(TallyServer.everything, to: server.configPath)
      let journal = server.dataPath + "/journal"
      let used = try Files.list(journal).filter { $0.hasSuffix(".segment") }.filter {
        try Files.bytes(journal + "/" + $0).contains { $0 != 0 }
      }
      return (server, journal + "/" + (try #require(used.last)))
    }

    private func sessions(_ server: TallyServer) throws -> Double {
      try server.settle()
      let answer = try server.ask("method=users&period=30days")
      return (answer.object ?? [:]).filter { Int($0.key) != nil }
        .compactMap { $0.value["t"]?.number }.reduce(0, +)
    }

    private func verify(_ server: TallyServer) throws -> (Subprocess.ExitStatus, String) {
      let run = try Subprocess.run([TallyServer.binary, "verify", "--data", server.dataPath])
      return (run.status, run.output)
    }

    /// One past the last byte that is not zero.
    private func end(_ bytes: [UInt8]) -> Int { (bytes.lastIndex { $0 != 0 } ?? -1) + 1 }

    @Test("An undamaged journal is sound, and everything in it is counted")
    func sound() throws {
      let (server, _) = try crashed()
      let (status, output) = try verify(server)
      #expect(status == .code(0), "\(output)")
      try server.start()
      #expect(try sessions(server) == Double(Self.requests))
    }

    @Test("A cut in the last group loses that group alone, and is told")
    func cutTail() throws {
      let (server, segment) = try crashed()
      let bytes = try Files.bytes(segment)
      try Files.write(Array(bytes[..<(end(bytes) - 5)]), to: segment)
      try server.start()
      let counted = try sessions(server)
      #expect(counted < Double(Self.requests) && counted >= Double(Self.requests - 2))
      #expect(server.log.contains("tail cut"), "\(server.log)")
    }

    @Test("A flipped bit before bytes known to be durable is corruption: told, set aside, survived")
    func flippedBit() throws {
      let (server, segment) = try crashed()
      var bytes = try Files.bytes(segment)
      bytes[end(bytes) / 2] ^= 0x10
      try Files.write(bytes, to: segment)
      let (status, output) = try verify(server)
      #expect(status == .code(1), "\(output)")
      #expect(output.contains(segment.split(separator: "/").last ?? ""), "\(output)")
      try server.start()
      let counted = try sessions(server)
      #expect(counted < Double(Self.requests) && counted > 0)
      #expect(server.log.contains("journal is damaged"), "\(server.log)")
      let quarantine = Files.tree(server.dataPath + "/journal/quarantine")
      #expect(!quarantine.isEmpty, "nothing was set aside")
    }

    @Test("verify changes nothing in the journal")
    func verifyReadsOnly() throws {
      let (server, _) = try crashed()
      let journal = server.dataPath + "/journal"
      let files = Files.tree(journal)
      let before = try files.map { try Files.bytes(journal + "/" + $0) }
      _ = try verify(server)
      #expect(Files.tree(journal) == files)
      #expect(try files.map { try Files.bytes(journal + "/" + $0) } == before)
    }
  }
}
