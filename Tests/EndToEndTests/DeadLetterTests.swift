import Foundation
import Harness
import Testing

extension EndToEnd {
  @Suite(.serialized) struct DeadLetterTests {
    private static let fault = ["TALLY_FAULT": "hook-trap"]

    @Test("A request that traps a built-in is put aside after two deaths; all else is counted")
    func trap() throws {
      let server = try TallyServer()
      try server.start(environment: Self.fault)
      let load = Load(server)
      usleep(100_000)
      let base = "/i?app_key=\(server.keys.appKey)&device_id=trapped&timestamp="
      let now = Clock.unixMilliseconds - 60_000
      let poison = "\(base)\(now)&trap_me=1"
      // The server may die of it before it has answered.
      _ = try? server.connect().get(poison)
      var deaths = 0
      while let ended = server.process?.wait(seconds: 4) {
        #expect(
          ended == .signal(SIGILL) || ended == .signal(SIGTRAP), "\(server.log.suffix(2_000))")
        deaths += 1
        guard deaths < 6 else { break }
        try server.launch(environment: Self.fault)
      }
      #expect((1...3).contains(deaths), "\(deaths) deaths\n\(server.log.suffix(4_000))")
      #expect(server.waitUntilReady())
      load.stop()
      #expect(load.complaints() == [], "\(load.summary)\n\(server.log.suffix(4_000))")
      #expect(server.terminate() == .code(0))
      let (_, books) = try Subprocess.run(
        [TallyServer.binary, "verify", "--data", server.dataPath])
      #expect(books.contains("dead letters 1,"), "\(books)")
    }
  }
}
