import Foundation
import Harness
import Testing

extension FaultsEndToEnd {
  @Suite(.serialized) struct KillTests {
    static let rounds = 50

    @Test("After 50 kills under load every accepted request is counted exactly once")
    func kills() throws {
      var random = SeededGenerator(seed: 9)
      let server = try TallyServer()
      try server.start()
      let load = Load(server)
      for _ in 0..<Self.rounds {
        usleep(UInt32(random.int(5_000...250_000)))
        server.kill()
        try server.start()
      }
      load.stop()
      #expect(load.complaints() == [], "\(load.summary)\n\(server.log.suffix(4_000))")
      #expect(load.accepted > Self.rounds)
    }

    static let faultPoints = [
      "after-append", "after-sync", "after-raw-commit", "after-main-commit", "before-trim",
    ]

    @Test("A death at any point between append and trim loses nothing", arguments: faultPoints)
    func dies(at point: String) throws {
      var random = SeededGenerator(seed: 5)
      let server = try TallyServer()
      try server.start()
      let load = Load(server)
      for _ in 0..<4 {
        server.kill()
        // Trimming is rare; everything else happens many times a second.
        let passing = random.int(1...(point == "before-trim" ? 2 : 6))
        try server.launch(environment: ["TALLY_FAULT": "\(point):\(passing)"])
        let ended = server.process?.wait(seconds: Patience.seconds)
        #expect(ended == .signal(SIGKILL), "the fault point \(point) was never passed")
        try server.start()
      }
      load.stop()
      #expect(load.complaints() == [], "\(load.summary)\n\(server.log.suffix(4_000))")
    }
  }
}
