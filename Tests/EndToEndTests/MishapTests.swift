import Foundation
import Harness
import Testing

extension FaultsEndToEnd {
  /// What goes wrong around plugins while a server runs: names, files and code that are not what they
  /// should be.
  @Suite(.serialized) struct MishapTests {
    private func plugin(
      _ live: LivePlugin, _ words: String...
    ) throws -> (status: Subprocess.ExitStatus, output: String) {
      try Subprocess.run(
        [TallyServer.binary, "plugin"] + words
          + ["--data", live.server.dataPath, "--config", live.server.configPath])
    }

    @Test("What cannot be switched is refused by name, and the file stays as it is")
    func names() throws {
      let live = try LivePlugin()
      let before = try Files.text(live.server.configPath)
      for (words, reason) in [
        (["enable", "vews"], "there is no plugin \"vews\"; did you mean \"views\"?"),
        (
          ["enable", "vews", "--from", "now"],
          "there is no plugin \"vews\"; did you mean \"views\"?"
        ),
        (["disable", "liv"], "there is no plugin \"liv\"; did you mean \"live\"?"),
        (["disable", "users"], "users is built in and always on"),
      ] {
        let (status, output) = try Subprocess.run(
          [TallyServer.binary, "plugin"] + words
            + ["--data", live.server.dataPath, "--config", live.server.configPath])
        #expect(status == .code(1) && output.contains(reason), "\(words): \(output)")
      }
      #expect(try Files.text(live.server.configPath) == before)
      #expect(live.server.terminate() == .code(0))
    }

    @Test("A plugin that is enabled while the server runs safely waits for the next start")
    func safe() throws {
      let live = try LivePlugin()
      #expect(live.server.terminate() == .code(0))
      try live.server.launch(arguments: ["--safe"])
      try #require(live.server.waitUntilReady(), "\(live.server.log)")
      _ = try plugin(live, "disable", "live")
      let (status, output) = try plugin(live, "enable", "live")
      #expect(
        status == .code(1) && output.contains("off: the server runs with --safe"), "\(output)")
      #expect(live.server.terminate() == .code(0))
    }

    @Test("A library that is cut short in its place is refused, and what ran goes on")
    func cutShort() throws {
      let live = try LivePlugin()
      let library = live.server.folder + "/liblive.so"
      let whole = try #require(FileManager.default.contents(atPath: library))
      for length in [4_000, 100, 0] {
        let before = live.server.log.count
        let file = try #require(FileHandle(forWritingAtPath: library))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: whole.prefix(length))
        try file.close()
        let told = Patience.wait(everyMilliseconds: 20) {
          live.server.log.dropFirst(before).contains("TALLY-101: ")
        }
        #expect(told, "\(length): \(live.server.log)")
        #expect(try live.about()?["version"]?.string == "1")
      }
      try live.compile(["LIVE_VERSION=\"2\""])
      #expect(try live.wait { try live.about()?["version"]?.string == "2" } != nil)
      #expect(live.server.terminate() == .code(0))
    }

    @Test("A pipe in the place of a library, or of plugins.yaml, is not waited for")
    func pipes() throws {
      let live = try LivePlugin()
      let pipe = live.server.folder + "/libpipe.so"
      try #require(mkfifo(pipe, 0o600) == 0)
      try live.write(live.config() + "  pipe: { path: ./libpipe.so }\n")
      #expect(try live.wait { live.server.log.contains("libpipe.so is no file; need a") } != nil)
      let path = live.server.configPath
      Files.remove(path)
      try #require(mkfifo(path, 0o600) == 0)
      #expect(try live.wait { live.server.log.contains("is a folder or a pipe") } != nil)
      Files.remove(path)
      try Files.write(live.config(label: "back"), to: path)
      #expect(try live.wait { try live.about()?["label"]?.string == "back" } != nil)
      #expect(live.server.terminate() == .code(0))
    }

    @Test("A folder in the place of plugins.yaml changes nothing")
    func folder() throws {
      let live = try LivePlugin()
      let path = live.server.configPath
      Files.remove(path)
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      #expect(try live.wait { live.server.log.contains("is a folder or a pipe") } != nil)
      #expect(try live.about()?["version"]?.string == "1")
      Files.remove(path)
      try live.write(live.config(label: "back"))
      #expect(try live.wait { try live.about()?["label"]?.string == "back" } != nil)
      #expect(live.server.terminate() == .code(0))
    }

    @Test("A plugin that takes nothing any more is given up, and fills neither log nor store")
    func takesNothing() throws {
      let live = try LivePlugin()
      let server = live.server
      // Not new code, which would be rolled back.
      #expect(server.terminate() == .code(0))
      try live.compile(["LIVE_FAILS"])
      try server.start()
      let item = "{\"device_id\":\"d\",\"taps\":\"a\"}"
      let body =
        "app_key=\(server.keys.appKey)&requests=["
        + Array(repeating: item, count: 10_000).joined(separator: ",") + "]"
      let reply = try server.connect(seconds: 60).send(
        "POST", "/i/bulk", headers: ["Content-Type: application/x-www-form-urlencoded"],
        body: Array(body.utf8))
      #expect(reply.status == 200, "\(reply.text)")
      let reason = "it could not take 10000 items since the server started"
      #expect(Patience.wait(everyMilliseconds: 50) { server.log.contains(reason) }, "\(server.log)")
      try server.settle()
      let lines = server.log.split(separator: "\n").filter { $0.contains("dead letter") }
      #expect(lines.count < 2_000 && !lines.isEmpty, "\(lines.count)")
      #expect(server.terminate() == .code(0))
    }
  }
}
