import Foundation
import Harness
import Testing

extension EndToEnd {
  @Suite(.serialized) struct ShutdownTests {
    @Test("SIGTERM under load ends the server with 0 within 5 seconds and loses nothing")
    func terminate() throws {
      var random = SeededGenerator(seed: 3)
      let server = try TallyServer()
      try server.start()
      let load = Load(server)
      for _ in 0..<5 {
        usleep(UInt32(random.int(50_000...300_000)))
        #expect(server.terminate(seconds: 5) == .code(0), "\(server.log.suffix(4_000))")
        try server.start()
      }
      load.stop()
      #expect(load.complaints() == [], "\(load.summary)\n\(server.log.suffix(4_000))")
    }

    @Test("An idle keep-alive connection does not hold up the end")
    func idleConnection() throws {
      let server = try TallyServer()
      try server.start()
      let connection = server.connect()
      #expect(try connection.get("/o/ping").status == 200)
      #expect(server.terminate(seconds: 5) == .code(0))
    }

    @Test("A second server on the same data folder is refused and says why")
    func lockedFolder() throws {
      let server = try TallyServer()
      try server.start()
      let (status, output) = try Subprocess.run(
        [TallyServer.binary, "serve", "--data", server.dataPath, "--listen", "127.0.0.1:0"],
        seconds: 10)
      #expect(status != .code(0))
      #expect(output.contains(server.dataPath), "\(output)")
      #expect(try server.connect().get("/o/ping").status == 200)
    }
  }
}
