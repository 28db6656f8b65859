import Foundation
import Harness
import Testing

extension EndToEnd {
  @Suite(.serialized) struct VerifyTests {
    @Test("Beside a server that counts, verify finds its books sound, and the server never notices")
    func beside() throws {
      // Segments so small that the journal is trimmed all the time.
      let server = try TallyServer(config: "host:\n  limits: { journal_segment_bytes: 1048576 }\n")
      try server.start()
      let load = Load(server)
      for _ in 0..<5 {
        usleep(300_000)
        let (status, report) = try Subprocess.run(
          [TallyServer.binary, "verify", "--data", server.dataPath])
        #expect(status == .code(0), "\(report)")
        #expect(report.contains("sound"), "\(report)")
      }
      load.stop()
      #expect(load.accepted > 0)
      #expect(server.terminate() == .code(0), "\(server.log.suffix(2_000))")
    }
  }
}
