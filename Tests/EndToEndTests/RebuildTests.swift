import Foundation
import Harness
import Testing

extension EndToEnd {
  @Suite(.serialized) struct RebuildTests {
    @Test("What a server counted under load, through kills, is what its raw items say")
    func agrees() throws {
      var random = SeededGenerator(seed: 4)
      let server = try TallyServer()
      try server.start()
      let load = Load(server)
      for _ in 0..<3 {
        usleep(UInt32(random.int(100_000...300_000)))
        server.kill()
        try server.start()
      }
      load.stop()
      try server.settle()
      let running = try server.rebuild()
      #expect(running.status != .code(0), "a server that runs is not rebuilt")
      #expect(running.report.contains("is in use by process"), "\(running.report)")
      #expect(server.terminate() == .code(0))
      let (status, report) = try server.rebuild()
      #expect(status == .code(0), "\(report)")
      let answer = try JSON(report)
      #expect(answer["differing"] == .number(0), "\(report)")
      #expect(answer["missing"] == .number(0))
      #expect(answer["items"] == .number(Double(load.items)))
      #expect((answer["buckets"]?.number ?? 0) > 20)
      let left = try FileManager.default.contentsOfDirectory(atPath: server.dataPath)
      #expect(!left.contains { $0.hasPrefix("rebuild") })
    }
  }
}
