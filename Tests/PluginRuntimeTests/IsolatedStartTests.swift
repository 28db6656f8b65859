import Foundation
import Harness
import Testing

@testable import PluginRuntime

/// Isolated plugins that do not start: refused in the words of the other lane, or with what they did
/// to their runner.
@Suite("Starting isolated plugins")
struct IsolatedStartTests {
  private let folder: PluginFolder

  init() throws { folder = try PluginFolder() }

  /// `tally-runner` lies in the folder the tests were built into.
  private static let program: String = {
    let own = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return ((own ?? "") as NSString).deletingLastPathComponent + "/tally-runner"
  }()

  private func compile(_ fixture: String) throws -> String {
    try folder.compile(fixture)
    return folder.library(fixture)
  }

  /// Starts the library in a runner; whoever asked for the runtime stops it. A start has all the time
  /// that a busy machine needs, unless the test is about that.
  private func started(
    _ name: String, path: String, program: String = program, settings: [GivenSetting] = [],
    startDeadline: Duration = .seconds(Patience.seconds)
  ) throws -> PluginRuntime {
    var limits = IsolationPlan.Limits()
    limits.startDeadline = startDeadline
    limits.endDeadline = .milliseconds(200)
    let runtime = try folder.runtime()
    runtime.start(
      .init(
        .isolated(IsolationPlan(name: name, path: path, program: program, limits: limits)),
        settings: settings))
    #expect(runtime.instances.isEmpty == !runtime.refusals.isEmpty)
    return runtime
  }

  /// What the runtime refused the library with.
  private func refusal(
    _ name: String, path: String, program: String = program, settings: [GivenSetting] = [],
    startDeadline: Duration = .seconds(Patience.seconds)
  ) throws -> String? {
    let runtime = try started(
      name, path: path, program: program, settings: settings, startDeadline: startDeadline)
    defer { runtime.stop() }
    return folder.refusal(in: runtime)?.replacing(program, with: "RUNNER")
  }

  @Test("A plugin that refuses, or cannot be loaded, says what it says in-process")
  func sameWords() throws {
    #expect(
      try refusal("refuses-start", path: compile("refuses-start"))
        == "TALLY-160: refuses-start: start answered -1: the licence file is missing; put it "
        + "beside the library; the server runs without it")
    #expect(
      try refusal("other-abi", path: compile("other-abi"))
        == "TALLY-110: FOLDER/libother-abi.so was built for ABI major 99, this host serves 1; "
        + "rebuild it with this host's tally_plugin.h")
    #expect(
      try refusal("gone", path: folder.library("gone"))
        == "TALLY-100: FOLDER/libgone.so cannot be read; install the plugin there or set `path` "
        + "in plugins.yaml")
    let given = GivenSetting(name: "colour", text: "red", place: "plugins.yaml:3:9")
    #expect(
      try refusal("taps", path: compile("taps"), settings: [given])
        == "TALLY-140: plugins.yaml:3:9: unknown setting \"colour\" of plugin taps; Known: none")
    #expect(try refusal("taps", path: compile("taps")) == nil)
  }

  @Test("What a runner does not offer is refused with what to do")
  func notOffered() throws {
    #expect(
      try refusal("may-block", path: compile("may-block"))
        == "TALLY-113: may-block: enroll registered something invalid: intake hook: it does "
        + "not declare TALLY_HOOK_NEVER_BLOCKS, which an event loop demands; declare it")
    #expect(
      try refusal("needs-service", path: compile("needs-service"))
        == "TALLY-130: needs-service needs the service tally.weather, revision 3; this host has "
        + "none; update Tally")
    #expect(try refusal("isolated-only", path: compile("isolated-only")) == nil)
  }

  @Test("A library that only the server may read is loaded all the same")
  func hiddenFolder() throws {
    let library = try compile("taps")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: library)
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
    #expect(try refusal("taps", path: library) == nil)
  }

  @Test("Without its program, or with another, nothing runs and the reason is given")
  func noProgram() throws {
    let library = try compile("taps")
    #expect(
      try refusal("taps", path: library, program: "/nowhere/tally-runner")
        == "TALLY-162: taps: RUNNER cannot be started: No such file or directory; install it "
        + "beside tally, or write mode: inproc")
    #expect(
      try refusal("taps", path: library, program: "/bin/true")
        == "TALLY-160: taps: ended its runner with exit(0) when told to say hello; the server "
        + "runs without it")
  }

  @Test("A plugin that hangs or dies on its way is refused, and its runner ended")
  func hangs() throws {
    let library = try compile("hangs")
    for step in ["hang-create", "hang-start"] {
      try step.write(toFile: library + ".where", atomically: true, encoding: .utf8)
      #expect(
        try refusal("hangs", path: library, startDeadline: .seconds(3))
          == "TALLY-160: hangs: its runner did not create, enroll and start within 3 s and was "
          + "ended; the server runs without it")
    }
    try "kill-start".write(toFile: library + ".where", atomically: true, encoding: .utf8)
    #expect(
      try refusal("hangs", path: library)
        == "TALLY-160: hangs: ended its runner with signal 11 (SIGSEGV) when told to create, enroll "
        + "and start; the server runs without it")
    for step in ["hang-drain", "kill-drain"] {
      try step.write(toFile: library + ".where", atomically: true, encoding: .utf8)
      let runtime = try started("hangs", path: library)
      #expect(folder.refusal(in: runtime) == nil)
      let begun = ContinuousClock.now
      runtime.stop()
      #expect(begun.duration(to: .now) < .seconds(3))
    }
  }
}
