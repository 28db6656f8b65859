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
      // It dies, and is started again, until the item is put aside.
      let isAside = try Patience.wait {
        guard let ended = server.process?.wait(seconds: 0.05) else {
          return (try? server.metric("tally_plugin_dead_letters")) == 1
        }
        #expect(
          ended == .signal(SIGILL) || ended == .signal(SIGTRAP), "\(server.log.suffix(2_000))")
        deaths += 1
        try server.launch(environment: Self.fault)
        return deaths == 6
      }
      #expect(isAside)
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
