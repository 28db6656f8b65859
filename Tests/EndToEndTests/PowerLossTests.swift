import Foundation
import Harness
import Testing

extension EndToEnd {
  @Suite(
    .serialized, .enabled(if: PowerLossDisk.obstacle == nil, "needs /dev/fuse and libfuse3-dev"))
  struct PowerLossTests {
    static let rounds = 50

    @Test("After 50 power losses every accepted request is counted exactly once")
    func losses() throws {
      #expect(try complaints(rounds: Self.rounds, isLying: false, patience: 60) == [])
    }

    @Test(
      "On a disk that lies about its syncs requests are lost, so the test above means something")
    func lies() throws {
      #expect(try complaints(rounds: 3, isLying: true, patience: 3) != [])
    }

    /// Loses power `rounds` times under load and answers what is wrong afterwards.
    private func complaints(rounds: Int, isLying: Bool, patience: Double) throws -> [String] {
      var random = SeededGenerator(seed: SeededGenerator.seeds(1)[0])
      let disk = try PowerLossDisk()
      try disk.mount(seed: 0)
      let server = try TallyServer(dataPath: disk.mountPath + "/data")
      disk.unmount()
      let load = Load(server, patience: patience)
      for round in 1...rounds {
        // Early losses hit recovery, late ones hit flushes, checkpoints and trimming.
        let moment = 10 * (1 << random.int(0...8)) + random.int(0...40)
        try disk.mount(seed: UInt64(round), loseAfter: moment, isLying: isLying)
        try server.launch()
        try disk.losePower(within: 1.5)
        server.kill()
        disk.unmount()
      }
      try disk.mount(seed: 0)
      var complaints: [String] = []
      do { try server.start() } catch { complaints.append("\(error)") }
      load.stop()
      if complaints.isEmpty { complaints = load.complaints() }
      server.kill()
      disk.unmount()
      return complaints.isEmpty ? [] : complaints + [String(server.log.suffix(6_000))]
    }
  }
}
