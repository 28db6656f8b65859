import Foundation
import Harness
import Testing

extension IsolatedEndToEnd {
  /// An isolated plugin is switched, reconfigured and replaced as any other.
  @Suite(.serialized) struct IsolatedLiveTests {
    @Test("An isolated plugin switched and replaced under load: nothing lost, doubled or refused")
    func underLoad() throws {
      let live = try LivePlugin(mode: "isolated")
      #expect(runners(of: live).count == 1)
      let load = LiveLoad(live.server)
      for _ in 0..<3 {
        try live.write(live.config(live: false))
        #expect(try live.wait { try live.about() == nil } != nil, "\(live.server.log)")
        #expect(try live.wait { runners(of: live).isEmpty } != nil, "\(live.server.log)")
        try live.write(live.config())
        #expect(try live.wait { try live.about() != nil } != nil, "\(live.server.log)")
      }
      try live.write(live.config(label: "second"))
      #expect(try live.wait { try live.about()?["label"]?.string == "second" } != nil)
      try live.compile(["LIVE_VERSION=\"v2\""])
      #expect(try live.wait { try live.about()?["version"]?.string == "v2" } != nil)
      // What the code before left was taken over.
      #expect(try live.about()?["before"]?.string == "1")
      try live.compile(["LIVE_VERSION=\"bad\"", "LIVE_REFUSES_START"])
      #expect(try live.wait { live.server.log.contains("version bad does not start") } != nil)
      #expect(try live.about()?["version"]?.string == "v2")
      // The same file in the other lane, and back.
      try live.write(live.config(label: "third").replacing("mode: isolated", with: "mode: inproc"))
      try live.compile(["LIVE_VERSION=\"v3\""])
      #expect(try live.wait { try live.about()?["version"]?.string == "v3" } != nil)
      #expect(try live.about()?["before"]?.string == "v2")
      #expect(try live.wait { runners(of: live).isEmpty } != nil, "\(live.server.log)")
      try live.write(live.config(label: "third"))
      #expect(try live.wait { runners(of: live).count == 1 } != nil, "\(live.server.log)")
      let (accepted, failures) = load.stop()
      #expect(failures == [])
      try live.server.settle()
      #expect(try live.wait { try live.isAtHead() } != nil, "\(live.server.log.suffix(4_000))")
      let counted = try live.counted()
      #expect(
        counted == (Double(accepted), Double(accepted)),
        "\(accepted) accepted\n\(live.server.log.suffix(4_000))")
      #expect(live.server.terminate() == .code(0))
    }

    @Test("New code of an isolated plugin whose calls fail is rolled back, and its runner ends")
    func rollsBack() throws {
      let live = try LivePlugin(mode: "isolated")
      let load = LiveLoad(live.server)
      try live.compile(["LIVE_VERSION=\"worse\"", "LIVE_FAILS"])
      #expect(try live.wait { live.server.log.contains("new code is rolled back") } != nil)
      #expect(try live.wait { try live.about()?["version"]?.string == "1" } != nil)
      #expect(try live.wait { runners(of: live).count == 1 } != nil, "\(live.server.log)")
      #expect(load.stop().failures == [])
      #expect(live.server.terminate() == .code(0))
    }

    @Test("Settings are taken over by the runner that runs, if it can and may")
    func applies() throws {
      let live = try LivePlugin(mode: "isolated")
      try live.compile(["LIVE_VERSION=\"2\"", "LIVE_APPLIES"])
      #expect(try live.wait { try live.about()?["version"]?.string == "2" } != nil)
      #expect(try live.wait { runners(of: live).count == 1 } != nil, "\(live.server.log)")
      let first = runners(of: live)
      try live.write(live.config(label: "second"))
      #expect(try live.wait { try live.about()?["label"]?.string == "second" } != nil)
      #expect(try live.about()?["applied"]?.number == 1)
      #expect(runners(of: live) == first)
      try live.write(live.config(label: "forbidden"))
      let reason =
        "live: settings_check answered -2: the label must not be forbidden; generation 2 goes on"
      #expect(try live.wait { live.server.log.contains(reason) } != nil, "\(live.server.log)")
      #expect(try live.about()?["label"]?.string == "second")
      #expect(try live.about()?["applied"]?.number == 1)
      #expect(runners(of: live) == first)
      try restart(live, first)
      try live.write(live.config(label: "unwilling"))
      #expect(try live.wait { try live.about()?["label"]?.string == "unwilling" } != nil)
      #expect(live.server.log.contains("live: settings_apply answered -1: I am unwilling"))
      #expect(try live.about()?["applied"]?.number == 0)
      #expect(try live.wait { runners(of: live).count == 1 } != nil, "\(live.server.log)")
      let last = runners(of: live)
      try live.write(live.config(label: "unwilling, size: 2"))
      #expect(try live.wait { runners(of: live).count == 1 && runners(of: live) != last } != nil)
      #expect(live.server.terminate() == .code(0))
    }

    /// A runner that is started again begins with what was taken over.
    private func restart(_ live: LivePlugin, _ first: [pid_t]) throws {
      for process in first { kill(process, SIGKILL) }
      #expect(try live.wait { runners(of: live) != first } != nil, "\(live.server.log)")
      #expect(try live.wait { try live.about()?["label"]?.string == "second" } != nil)
      #expect(try live.about()?["applied"]?.number == 0)
    }

    private func runners(of live: LivePlugin) -> [pid_t] {
      guard let server = live.server.process?.pid else { return [] }
      return Files.list("/proc").compactMap { pid_t($0) }.filter { process in
        (try? Files.text("/proc/\(process)/status"))?.contains("\nPPid:\t\(server)\n") == true
      }
    }
  }
}
