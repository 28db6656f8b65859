import Foundation
import Harness
import Testing

extension FaultsEndToEnd {
  @Suite(.serialized) struct LiveTests {
    /// TALLY_TOGGLES=1000 and TALLY_RELOADS=50 for the long run.
    private static let toggles = Environment["TALLY_TOGGLES"].flatMap(Int.init) ?? 30
    private static let reloads = Environment["TALLY_RELOADS"].flatMap(Int.init) ?? 6

    @Test("Plugins switched and replaced under load: nothing lost, doubled, refused or leaked")
    func toggles() throws {
      let live = try LivePlugin()
      let warm = try live.warmUp()
      let before = try live.resources()
      let load = LiveLoad(live.server)
      var times: [Double] = []
      let first = live.privateKiB()
      for round in 1...Self.toggles {
        let isOn = round % 2 == 0
        try live.write(live.config(live: isOn, views: isOn))
        let time = try live.wait { try (live.about() != nil) == isOn }
        times.append(try #require(time, "\(live.server.log.suffix(4_000))"))
      }
      let memory = live.privateKiB()
      for version in 1...Self.reloads {
        try live.compile(["LIVE_VERSION=\"v\(version)\""])
        let time = try live.wait { try live.about()?["version"]?.string == "v\(version)" }
        times.append(try #require(time, "\(live.server.log.suffix(4_000))"))
      }
      let growth = (live.privateKiB() - memory) / Self.reloads
      if Self.reloads >= 50 { #expect(growth <= 200, "\(growth) KiB a generation") }
      // Switching makes generations as well, each second time.
      let switched = 2 * (memory - first) / Self.toggles
      if Self.toggles >= 1_000 { #expect(switched <= 200, "\(switched) KiB a generation") }
      try live.write(live.config())
      #expect(try live.wait { try live.about() != nil } != nil)
      let (sent, failures) = load.stop()
      let accepted = warm + sent
      #expect(failures == [])
      try live.server.settle()
      #expect(try live.wait { try live.isAtHead() } != nil, "\(live.server.log.suffix(4_000))")
      let all = (Double(accepted), Double(accepted))
      _ = try live.wait(seconds: 5) { try live.counted() == all }
      let counted = try live.counted()
      #expect(counted == all, "\(accepted) accepted\n\(live.server.log.suffix(4_000))")
      // Connections that were closed may take a moment; what leaks stays.
      _ = try live.wait(seconds: 5) { try live.resources().others <= before.others }
      let after = try live.resources()
      #expect(after.others <= before.others, "\(before) → \(after)")
      #expect(after.journal <= LivePlugin.Resources.journalMax, "\(before) → \(after)")
      #expect(after.threads <= before.threads + 1, "\(before) → \(after)")
      #expect(times.sorted()[times.count / 2] < 0.5, "\(times)")
      #expect(live.server.terminate() == .code(0))
    }

    @Test("An invalid file is refused whole, with line and reason, and everything goes on")
    func invalid() throws {
      let live = try LivePlugin()
      for (text, reason) in [
        (live.config().replacing("label:", with: "lable:"), "plugins.yaml:5:46: unknown setting"),
        (live.config(live: false) + "  views: {}\n", "stands twice"),
        ("", "gone or empty"),
      ] {
        try live.write(text)
        let time = try live.wait(seconds: 5) { live.server.log.contains(reason) }
        #expect(time != nil, "\(reason): \(live.server.log.suffix(2_000))")
        #expect(try live.about()?["label"]?.string == "first")
      }
      try live.write(live.config(label: "second"))
      #expect(try live.wait { try live.about()?["label"]?.string == "second" } != nil)
    }

    @Test("Settings and state go over live; SIGHUP reads at once; tally plugin edits the file")
    func settings() throws {
      let live = try LivePlugin()
      try live.write("# mine\n" + live.config(label: "third"))
      #expect(try live.wait { try live.about()?["label"]?.string == "third" } != nil)
      try live.compile(["LIVE_VERSION=\"2\""])
      #expect(try live.wait { try live.about()?["before"]?.string == "1" } != nil)
      try live.write("# mine\n" + live.config(label: "forbidden"))
      #expect(try live.wait { live.server.log.contains("must not be forbidden") } != nil)
      #expect(try live.about()?["label"]?.string == "third")
      try live.write("# mine\n" + live.config(label: "third"))
      live.server.process?.send(SIGHUP)
      let command = [TallyServer.binary, "plugin"]
      let options = ["--data", live.server.dataPath, "--config", live.server.configPath]
      let off = try Subprocess.run(command + ["disable", "live"] + options)
      #expect(off.status == .code(0), "\(off.output)")
      #expect(try live.about() == nil)
      let text = try Files.text(live.server.configPath)
      #expect(text == "# mine\n" + live.config(live: false, label: "third"))
      let on = try Subprocess.run(command + ["enable", "live"] + options)
      #expect(on.status == .code(0) && on.output.contains("live: running"), "\(on.output)")
      let reload = try Subprocess.run(command + ["reload"] + options)
      #expect(reload.output.contains("views: running"), "\(reload.output)")
      let twice = try Subprocess.run(
        command + ["enable", "live", "--from", "now"] + options)
      #expect(twice.status != .code(0) && twice.output.contains("disable it first"))
    }

    @Test("New code that does not start, or whose calls fail, is not what runs")
    func rollsBack() throws {
      let live = try LivePlugin()
      let load = LiveLoad(live.server)
      try live.compile(["LIVE_VERSION=\"bad\"", "LIVE_REFUSES_START"])
      #expect(try live.wait { live.server.log.contains("version bad does not start") } != nil)
      #expect(try live.about()?["version"]?.string == "1")
      try live.compile(["LIVE_VERSION=\"worse\"", "LIVE_FAILS"])
      #expect(try live.wait { live.server.log.contains("new code is rolled back") } != nil)
      #expect(try live.wait { try live.about()?["version"]?.string == "1" } != nil)
      try live.compile(["LIVE_VERSION=\"good\"", "LIVE_TWO_MEASURES"])
      #expect(try live.wait { try live.about()?["version"]?.string == "good" } != nil)
      let (accepted, failures) = load.stop()
      #expect(failures == [])
      try live.server.settle()
      #expect(try live.isAtHead())
      #expect(try live.counted().views == Double(accepted))
      // Each call that the failing code refused is a dead letter of it, and of nobody else.
      #expect(live.server.terminate() == .code(0))
      let (_, books) = try Subprocess.run(
        [TallyServer.binary, "verify", "--data", live.server.dataPath, "--json"])
      let letters = try JSON(books)["store"]?["rows"]?["dead letters"]?.number ?? 0
      try live.server.start()
      #expect(try live.counted().live == Double(accepted) - letters, "\(letters) dead letters")
    }

    @Test("An answer under way is finished before its plugin is stopped")
    func drains() throws {
      let live = try LivePlugin()
      let gate = live.server.folder + "/gate"
      try live.compile(["LIVE_VERSION=\"slow\"", "LIVE_GATE=\"\(gate)\""])
      #expect(try live.wait { try live.about()?["version"]?.string == "slow" } != nil)
      let answered = DispatchSemaphore(value: 0)
      let server = live.server
      Thread.detachNewThread {
        if (try? server.ask("method=live&period=30days")) != nil { answered.signal() }
      }
      #expect(try live.wait { live.server.log.contains("an answer waits") } != nil)
      try live.write(live.config(live: false))
      #expect(try live.wait { try live.about() == nil } != nil)
      #expect(try live.wait { try live.server.metric("tally_plugins_draining") == 1 } != nil)
      #expect(answered.wait(timeout: .now()) == .timedOut)
      try Files.write("", to: gate)
      #expect(answered.wait(timeout: .now() + 10) == .success)
      #expect(try live.wait { try live.server.metric("tally_plugins_draining") == 0 } != nil)
    }

    @Test("A plugin that is new counts from the beginning when it is told to, and never twice")
    func backfills() throws {
      let live = try LivePlugin()
      try live.write(live.config(live: false))
      #expect(try live.wait { try live.about() == nil } != nil)
      let load = LiveLoad(live.server)
      usleep(700_000)
      let options = ["--data", live.server.dataPath, "--config", live.server.configPath]
      let command = [TallyServer.binary, "plugin", "enable", "live"]
      let refused = try Subprocess.run(command + ["--from", "beginning"] + options)
      if refused.status != .code(0) {
        #expect(refused.output.contains("--forget"), "\(refused.output)")
        let again = try Subprocess.run(command + ["--from", "beginning", "--forget"] + options)
        #expect(again.status == .code(0), "\(again.output)")
      }
      usleep(300_000)
      let (accepted, failures) = load.stop()
      #expect(failures == [])
      try live.server.settle()
      #expect(try live.wait { try live.isAtHead() } != nil)
      #expect(try live.wait(seconds: 5) { try live.counted().live == Double(accepted) } != nil)
    }

    @Test("Killed while plugins are switched and catch up, the server counts everything once")
    func kills() throws {
      let live = try LivePlugin()
      var random = SeededGenerator(seed: 11)
      let load = LiveLoad(live.server, repeats: true)
      for round in 1...12 {
        let isOn = round % 3 != 0
        try live.write(live.config(live: isOn, views: round % 2 == 0))
        usleep(UInt32(random.int(1_000...120_000)))
        live.server.kill()
        try live.server.start()
        usleep(UInt32(random.int(1_000...120_000)))
      }
      try live.write(live.config())
      let (accepted, failures) = load.stop()
      #expect(failures == [])
      #expect(try live.wait { try live.about() != nil } != nil)
      try live.server.settle()
      #expect(try live.wait { try live.isAtHead() } != nil, "\(live.server.log.suffix(4_000))")
      let all = (Double(accepted), Double(accepted))
      _ = try live.wait(seconds: 5) { try live.counted() == all }
      let counted = try live.counted()
      #expect(counted == all, "\(accepted) accepted\n\(live.server.log.suffix(4_000))")
      #expect(accepted > 100)
    }

    @Test("Settings are taken over by the instance that runs, if it can and may")
    func applies() throws {
      let live = try LivePlugin()
      try live.compile(["LIVE_VERSION=\"2\"", "LIVE_APPLIES"])
      #expect(try live.wait { try live.about()?["version"]?.string == "2" } != nil)
      let first = try #require(try live.about()?["instance"]?.number)
      try live.write(live.config(label: "second"))
      #expect(try live.wait { try live.about()?["label"]?.string == "second" } != nil)
      #expect(try live.about()?["instance"]?.number == first)
      #expect(try live.about()?["applied"]?.number == 1)
      try live.write(live.config(label: "forbidden"))
      let reason = "must not be forbidden; generation 2 goes on"
      #expect(try live.wait { live.server.log.contains(reason) } != nil, "\(live.server.log)")
      #expect(try live.about()?["label"]?.string == "second")
      #expect(try live.about()?["applied"]?.number == 1)
      // One that does not take them over after all, and one that must not.
      try live.write(live.config(label: "unwilling"))
      #expect(try live.wait { try live.about()?["label"]?.string == "unwilling" } != nil)
      #expect(try live.about()?["instance"]?.number == first + 1)
      try live.write(live.config(label: "unwilling, size: 2"))
      #expect(try live.wait { try live.about()?["instance"]?.number == first + 2 } != nil)
      #expect(try live.about()?["applied"]?.number == 0)
      #expect(live.server.terminate() == .code(0))
    }

    @Test("Code that answers much slower is rolled back")
    func slower() throws {
      let live = try LivePlugin()
      for _ in 0..<200 { _ = try live.server.ask("method=live&period=30days") }
      try live.compile(["LIVE_VERSION=\"slow\"", "LIVE_SLOW"])
      #expect(try live.wait { try live.about()?["version"]?.string == "slow" } != nil)
      for _ in 0..<400 where !live.server.log.contains("new code is rolled back") {
        _ = try live.server.ask("method=live&period=30days")
      }
      #expect(live.server.log.contains("99 of 100 answers took up to"), "\(live.server.log)")
      #expect(try live.wait { try live.about()?["version"]?.string == "1" } != nil)
    }

    @Test("Code that was rolled back stays out over a restart, until it changes or one insists")
    func remembers() throws {
      let live = try LivePlugin()
      let load = LiveLoad(live.server)
      try live.compile(["LIVE_VERSION=\"worse\"", "LIVE_FAILS"])
      #expect(try live.wait { live.server.log.contains("new code is rolled back") } != nil)
      #expect(try live.wait { try live.about()?["version"]?.string == "1" } != nil)
      #expect(load.stop().failures == [])
      #expect(live.server.terminate() == .code(0))
      try live.server.start()
      #expect(try live.about()?["version"]?.string == "1")
      let row = try #require(try live.row())
      #expect(row["reason"]?.string?.hasPrefix("rolled back: ") == true, "\(row)")
      #expect(row["rolled_back"]?.string?.count == 64)
      #expect(row["rolled_back"]?.string != row["sha256"]?.string)
      let options = ["--data", live.server.dataPath, "--config", live.server.configPath]
      let info = try Subprocess.run([TallyServer.binary, "plugin", "info", "live"] + options)
      #expect(info.output.contains("rolled back"), "\(info.output)")
      try live.write(live.config(label: "second"))
      #expect(try live.wait { try live.about()?["label"]?.string == "second" } != nil)
      #expect(try live.about()?["version"]?.string == "1")
      _ = try Subprocess.run([TallyServer.binary, "plugin", "reload"] + options)
      #expect(try live.about()?["version"]?.string == "worse")
      try live.compile(["LIVE_VERSION=\"good\""])
      #expect(try live.wait { try live.about()?["version"]?.string == "good" } != nil)
      #expect(try live.row()?["rolled_back"]?.string == nil)
      #expect(live.server.terminate() == .code(0))
    }

    @Test(
      "While code hangs where it is loaded or started, others are switched",
      arguments: ["LIVE_HANGS_START", "LIVE_HANGS_LOAD"])
    func hangsAlone(_ macro: String) throws {
      let live = try LivePlugin()
      try live.compile(["LIVE_VERSION=\"hung\"", macro])
      #expect(try live.wait { live.server.log.contains("a plugin takes long to") } != nil)
      try live.write(live.config(views: false))
      #expect(try live.wait { try live.row("views")?["state"]?.string == "disabled" } != nil)
      #expect(!live.server.log.contains("did not come back within"), "\(live.server.log)")
      #expect(try live.about()?["version"]?.string == "1")
      #expect(try live.wait { live.server.log.contains("did not come back within") } != nil)
      #expect(live.server.log.contains("generation 1 goes on"), "\(live.server.log)")
      if macro == "LIVE_HANGS_LOAD" {
        // The loader maps one library at a time: whoever comes next is told who holds it.
        try live.write(live.config() + "  sdk-behaviour: { enabled: true }\n")
        let words = "sdk-behaviour: loading did not come back within 10 s; live holds the dynamic"
        let late = try live.wait(seconds: 30) { live.server.log.contains(words) }
        #expect(late != nil, "\(live.server.log)")
      }
      #expect(live.server.terminate() == .code(0))
    }

    @Test("Code that hangs in its start is left behind; what ran before goes on")
    func hangs() throws {
      let live = try LivePlugin()
      try live.compile(["LIVE_VERSION=\"hung\"", "LIVE_HANGS_START"])
      #expect(try live.wait { live.server.log.contains("did not come back within") } != nil)
      #expect(try live.about()?["version"]?.string == "1")
      try live.write(live.config(label: "still"))
      #expect(live.server.terminate() == .code(0))
    }
  }
}
