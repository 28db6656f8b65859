import Foundation
import Harness
import Testing

extension EndToEnd {
  /// Journals with requests that the store does not have yet: the server dies right after a sync.
  @Suite(.serialized) struct JournalDamageTests {
    private static let requests = 12

    /// A server that died with some accepted requests only in its journal, and the newest segment.
    private func crashed() throws -> (server: TallyServer, segment: String, accepted: Int) {
      let server = try TallyServer()
      try server.start(environment: ["TALLY_FAULT": "after-raw-commit:\(Self.requests)"])
      var accepted = 0
      let connection = server.connect(seconds: 2)
      for number in 0..<Self.requests * 4 {
        let target =
          "/i?app_key=\(server.keys.appKey)&device_id=d\(number)&begin_session=1"
          + "&timestamp=\(Clock.unixMilliseconds - 1_000)&padding="
          + String(repeating: "x", count: 200)
        guard let reply = try? connection.get(target), reply.status == 200 else { break }
        accepted += 1
      }
      try #require(server.process?.wait(seconds: 10) == .signal(SIGKILL))
      let journal = server.dataPath + "/journal"
      let used = try Files.list(journal).filter { $0.hasSuffix(".segment") }.filter {
        try Files.bytes(journal + "/" + $0).contains { $0 != 0 }
      }
      return (server, journal + "/" + (try #require(used.last)), accepted)
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
      let (server, _, accepted) = try crashed()
      let (status, output) = try verify(server)
      #expect(status == .code(0), "\(output)")
      try server.start()
      #expect(try sessions(server) == Double(accepted))
    }

    @Test("A cut in the last group loses that group alone, and is told")
    func cutTail() throws {
      let (server, segment, accepted) = try crashed()
      let bytes = try Files.bytes(segment)
      try Files.write(Array(bytes[..<(end(bytes) - 5)]), to: segment)
      try server.start()
      let counted = try sessions(server)
      #expect(counted < Double(accepted) && counted >= Double(accepted - 2))
      #expect(server.log.contains("tail cut"), "\(server.log)")
    }

    @Test("A flipped bit before bytes known to be durable is corruption: told, set aside, survived")
    func flippedBit() throws {
      let (server, segment, accepted) = try crashed()
      var bytes = try Files.bytes(segment)
      bytes[end(bytes) / 2] ^= 0x10
      try Files.write(bytes, to: segment)
      let (status, output) = try verify(server)
      #expect(status == .code(1), "\(output)")
      #expect(output.contains(segment.split(separator: "/").last ?? ""), "\(output)")
      try server.start()
      let counted = try sessions(server)
      #expect(counted < Double(accepted) && counted > 0)
      #expect(server.log.contains("journal is damaged"), "\(server.log)")
      let quarantine = Files.tree(server.dataPath + "/journal/quarantine")
      #expect(!quarantine.isEmpty, "nothing was set aside")
    }

    @Test("verify changes nothing")
    func verifyReadsOnly() throws {
      let (server, _, _) = try crashed()
      let before = Files.tree(server.dataPath)
      let first = try before.map { try Files.bytes(server.dataPath + "/" + $0) }
      _ = try verify(server)
      #expect(Files.tree(server.dataPath) == before)
      #expect(try before.map { try Files.bytes(server.dataPath + "/" + $0) } == first)
    }
  }
}
