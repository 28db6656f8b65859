import Foundation
import Harness
import Testing

extension EndToEnd {
  /// What an operator reads when something cannot be right.
  @Suite(.serialized) struct StartTests {
    private func refusal(_ config: String) throws -> (Subprocess.ExitStatus?, String) {
      let server = try TallyServer(config: config)
      try server.launch()
      defer { server.kill() }
      if server.waitUntilReady(seconds: 10) { return (nil, server.log) }
      return (server.process?.wait(seconds: 10), server.log)
    }

    static let configs: [(name: String, text: String, place: String, words: [String])] = [
      ("a tab", "host:\n\tdurability: fsync\n", ":2:", ["tab"]),
      ("an unknown key", "host:\n  durabilty: fsync\n", ":2:3", ["durabilty", "durability"]),
      (
        "a key that stands twice", "host:\n  durability: os\n  durability: fsync\n", ":3:3",
        ["durability"]
      ),
      ("an unknown value", "host:\n  durability: sometimes\n", ":2:15", ["sometimes", "fsync"]),
      (
        "an unknown setting", "plugins:\n  views: { viewz_max: 3 }\n", ":2:",
        ["viewz_max", "views_max"]
      ),
      ("no YAML", "host: [\n", ":", []),
    ]

    @Test("A broken configuration ends the start with line, reason and remedy", arguments: configs)
    func brokenConfig(_ config: (name: String, text: String, place: String, words: [String])) throws
    {
      let (ended, log) = try refusal(config.text)
      // A setting that only its plugin knows leaves the server running without that plugin.
      if config.name != "an unknown setting" {
        #expect(ended != .code(0) && ended != nil, "\(config.name): \(log)")
      }
      #expect(log.contains("plugins.yaml" + config.place), "\(config.name): \(log)")
      for word in config.words { #expect(log.contains(word), "\(config.name): \(log)") }
    }

    /// Sources of plugins that keep none of their promises, with what the operator should read.
    static let plugins: [(name: String, source: String?, words: [String])] = [
      ("missing", nil, ["libmissing.so"]),
      ("no-elf", "", ["no-elf"]),
      ("no-entry", "int unrelated(void) { return 1; }\n", ["tally_plugin_no_entry"]),
      (
        "other-abi",
        """
        #include "tally_plugin.h"
        static const tally_plugin table = {.struct_size = sizeof(tally_plugin), .abi_major = 99};
        const tally_plugin *tally_plugin_other_abi(void) { return &table; }
        """, ["99", "\(1)"]
      ),
      (
        "returns-null", "const void *tally_plugin_returns_null(void) { return 0; }\n",
        ["returns-null"]
      ),
    ]

    @Test(
      "A broken plugin is named with its reason, and the server runs without it", arguments: plugins
    )
    func brokenPlugin(_ plugin: (name: String, source: String?, words: [String])) throws {
      let folder = try Files.temporaryFolder()
      defer { Files.remove(folder) }
      let library = "\(folder)/lib\(plugin.name).so"
      try build(plugin.source, to: library)
      let server = try TallyServer(
        config: "plugins:\n  \(plugin.name): { enabled: true, path: \(library) }\n")
      try server.start()
      for word in plugin.words + [plugin.name] {
        #expect(server.log.contains(word), "\(plugin.name): \(server.log)")
      }
      let begin = "/i?app_key=\(server.keys.appKey)&device_id=a&begin_session=1"
      #expect(try server.connect().get(begin).status == 200)
      #expect(try server.ask("method=users&period=30days") != .object([:]))
    }

    /// An empty source makes a file that is no library; nil makes none.
    private func build(_ source: String?, to library: String) throws {
      guard let source else { return }
      if source.isEmpty { return try Files.write("this is no library\n", to: library) }
      let header = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Sources/PluginABI/include").path
      try Files.write(source, to: library + ".c")
      let (status, output) = try Subprocess.run([
        "cc", "-shared", "-fPIC", "-I", header, "-o", library, library + ".c",
      ])
      try #require(status == .code(0), "\(output)")
    }

    @Test("The first request is accepted soon after the start")
    func startsQuickly() throws {
      let server = try TallyServer()
      let begun = Clock.now
      try server.start()
      // Generous for a debug build on a busy machine; `bench` holds the release build to its
      // budget.
      #expect(Clock.now - begun < 3)
    }
  }
}
