import Foundation
import Harness
import Testing

extension FaultsEndToEnd {
  @Suite(
    .serialized,
    .enabled(
      if: PowerLossDisk.obstacle == nil, Comment(rawValue: PowerLossDisk.obstacle ?? "")))
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

    /// One loss at every fourth operation that changes the disk, from the first start to the first
    /// commits.
    static let firstMoments = Array(stride(from: 2, through: 200, by: 4))

    @Test("Power may be lost at any moment of a first start")
    func firstStart() throws {
      let disk = try PowerLossDisk()
      try disk.mount(seed: 0)
      let server = try TallyServer(dataPath: disk.mountPath + "/data")
      disk.unmount()
      try disk.saveImage()
      for moment in Self.firstMoments {
        try disk.restoreImage()
        try disk.mount(seed: UInt64(moment), loseAfter: moment)
        try server.launch()
        let accepted = sendUntilRefused(server)
        try disk.losePower(within: 0)
        server.kill()
        disk.unmount()
        try disk.mount(seed: 0)
        defer { disk.unmount() }
        try expect(server, accepted, moment)
      }
    }

    /// Sends sessions of ever new devices until one is not answered.
    private func sendUntilRefused(_ server: TallyServer) -> Int {
      guard server.waitUntilReady(seconds: 2) else { return 0 }
      let connection = server.connect(seconds: 1)
      for number in 0..<40 {
        let begin = "/i?app_key=\(server.keys.appKey)&device_id=d\(number)&begin_session=1"
        guard let reply = try? connection.get(begin), reply.status == 200 else { return number }
      }
      return 40
    }

    /// One request may have been made durable without having been answered.
    private func expect(_ server: TallyServer, _ accepted: Int, _ moment: Int) throws {
      do { try server.start() } catch {
        Issue.record("power lost at operation \(moment), \(accepted) accepted: \(error)")
        return
      }
      try server.settle()
      let answer = try server.ask("method=users&period=30days")
      let counted = (answer.object ?? [:]).filter { Int($0.key) != nil }
        .compactMap { $0.value["t"]?.number }.reduce(0, +)
      let allowed = Double(accepted)...Double(accepted + 1)
      #expect(
        allowed.contains(counted), "power lost at operation \(moment)\n\(server.log.suffix(2_000))")
      server.kill()
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
      if load.accepted < 20 * rounds {
        complaints.append("only \(load.accepted) requests accepted")
      }
      do { try server.start() } catch { complaints.append("\(error)") }
      load.stop()
      if complaints.isEmpty { complaints = load.complaints() }
      server.kill()
      disk.unmount()
      return complaints.isEmpty ? [] : complaints + [String(server.log.suffix(6_000))]
    }
  }

  @Suite struct PowerLossDiskTests {
    @Test("What keeps a machine from losing power in a test is named")
    func obstacles() {
      let (none, all) = ("CapEff:\t0000000000000000", "CapEff:\t000001ffffffffff")
      #expect(
        PowerLossDisk.obstacle(device: "/nowhere/fuse", status: all, helper: "sh")
          == "/nowhere/fuse cannot be opened: No such file or directory")
      #expect(
        PowerLossDisk.obstacle(device: "/dev/null", status: none, helper: "no-such-helper")
          == "neither the right to mount nor no-such-helper")
      for (status, helper) in [(none, "sh"), (all, "no-such-helper")] {
        let left = PowerLossDisk.obstacle(device: "/dev/null", status: status, helper: helper)
        #expect(left == nil || left == "libfuse3-dev is not installed")
      }
    }
  }
}
