import Testing

@testable import PluginRuntime

/// One fixture for each promise of a registration, each refused with the words an operator reads.
@Suite("Promises")
struct PromiseTests {
  private let folder: PluginFolder

  init() throws { folder = try PluginFolder() }

  /// A runtime in which these fixtures were started, one after the other.
  private func runtime(_ fixtures: [String], placements: [String: Placement] = [:]) throws
    -> PluginRuntime
  {
    let runtime = try folder.runtime()
    for fixture in fixtures {
      try folder.compile(fixture)
      runtime.start(
        .init(
          .library(name: fixture, path: folder.library(fixture)), settings: [],
          placement: placements[fixture] ?? Placement()))
    }
    return runtime
  }

  private func refusal(_ fixtures: [String]) throws -> String? {
    let runtime = try runtime(fixtures)
    defer { runtime.stop() }
    #expect(runtime.instances.count == fixtures.count - 1)
    return folder.refusal(in: runtime)
  }

  @Test(
    "A hook that breaks the contract is refused",
    arguments: [
      (
        "two-functions",
        "process hook: needs its function process, and no other function of tally_hook"
      ),
      ("unknown-kind", "hook: kind 9 is not one of TALLY_HOOK_…"),
      (
        "may-block",
        "intake hook: it does not declare TALLY_HOOK_NEVER_BLOCKS, which an event loop demands; "
          + "declare it"
      ),
      (
        "long-hook",
        "hook: tally_hook has 120 bytes with data behind the 112 this host knows; update Tally"
      ),
      (
        "short-hook", "hook: tally_hook.struct_size is 64, need 112; set it to sizeof(tally_hook)"
      ),
      ("stray-route", "route /admin: a path must begin with /o/ or /i/"),
      (
        "bad-pattern",
        "route /o/x/{a}{b}: /o/x/{a}{b}: a captured segment is {name} with a name of a-z, 0-9 and "
          + "_, have \"{a}{b}\""
      ),
      (
        "undeclared-limit",
        "metric things: a setting that gives a limit must be declared, INT, PER_APP and RESTART"
      ),
      ("bad-utf8", "route: path, method, permission and summary must be UTF-8"),
      (
        "undeclared-permission",
        "route /o/x: the permission \"secret-right\" is not in the descriptor; add it to permissions"
      ),
    ])
  func registration(_ fixture: String, _ reason: String) throws {
    #expect(
      try refusal([fixture])
        == "TALLY-113: \(fixture): enroll registered something invalid: \(reason)")
  }

  @Test("A path of the server is nobody else's")
  func hostPath() throws {
    #expect(
      try refusal(["host-path"])
        == "TALLY-170: host-path registers /o/ping, which the server itself answers; choose another "
        + "path")
  }

  @Test("A route with two owners names both")
  func routeConflict() throws {
    #expect(
      try refusal(["route-owner", "route-rival"])
        == "TALLY-170: route-rival registers /o/shops/{shop}, which route-owner owns as "
        + "/o/shops/{id}; disable one of the two")
  }

  @Test("Hooks that wait for each other are refused with the chain")
  func cycle() throws {
    let reason = try refusal(["cycle-a", "cycle-b", "cycle-c"])
    #expect(
      reason
        == "TALLY-131: cycle-c: before/after of the process hooks close a cycle: cycle-a before "
        + "cycle-b before cycle-c before cycle-a; remove one of them, or set `order` in "
        + "plugins.yaml")
  }

  @Test("An operator's order breaks a circle, and the causes say so")
  func overruled() throws {
    let order = OrderOverride(phase: -500, before: [], place: "plugins.yaml:4:7")
    let runtime = try runtime(
      ["cycle-a", "cycle-b", "cycle-c"], placements: ["cycle-c": Placement(order: order)])
    defer { runtime.stop() }
    #expect(runtime.refusals.isEmpty)
    #expect(
      runtime.hookOrder.map(\.text) == [
        "cycle-a  phase normal, before cycle-b",
        "cycle-b  phase normal, before cycle-c, cycle-a wants to be before",
        "cycle-c  phase early (plugins.yaml:4:7), cycle-b wants to be before",
      ])
  }

  @Test(
    "What a descriptor demands is judged before any code of the plugin runs",
    arguments: [
      (
        "isolated-only",
        "TALLY-132: isolated-only runs isolated only, have mode: inproc; set mode: isolated"
      ),
      (
        "needs-plugin",
        "TALLY-131: needs-plugin needs the plugin geo 2.1, which does not run; enable it, above "
          + "needs-plugin in plugins.yaml"
      ),
      (
        "needs-service",
        "TALLY-130: needs-service needs the service tally.weather, revision 3; this host has none; "
          + "update Tally"
      ),
    ])
  func demands(_ fixture: String, _ reason: String) throws {
    #expect(try refusal([fixture]) == reason)
  }

  @Test("A literal segment wins over a captured one, wherever it was registered")
  func patterns() throws {
    let captured = try RoutePattern("/o/shops/{id}")
    let literal = try RoutePattern("/o/shops/list")
    #expect(literal.isBefore(captured) && !captured.isBefore(literal))
    #expect(captured.match(["o", "shops", "7"]) == ["id": "7"])
    #expect(captured.match(["o", "shops", ""]) == nil)
    #expect(captured.match(["o", "shops", "7", "more"]) == nil)
    #expect(literal.match(["o", "shops", "list"]) == [:])
  }

  @Test(
    "Only one whole JSON value can be put into an item",
    arguments: [
      (#"{"a":[1,2.5e-3,true,null,"\u00e9\n"]}"#, true), (" 1 ", true), ("-0.5", true),
      ("", false), ("1,2", false), ("{\"a\":1}}", false), ("{a:1}", false), ("01", false),
      ("\"\u{1}\"", false), (#""\x""#, false), ("[1,]", false), ("nul", false), ("+1", false),
      (String(repeating: "[", count: 40) + String(repeating: "]", count: 40), false),
    ])
  func json(_ text: String, _ isValue: Bool) {
    #expect(Array(text.utf8).withUnsafeBytes { JSONCheck.isValue($0) } == isValue)
  }
}
