import Testing

@testable import PluginRuntime

@Suite("The life of plugins")
final class LifecycleMachineTests {
  typealias Machine = LifecycleMachine

  private var machine = Machine()

  private func source(_ code: String, size: Int64 = 1) -> Machine.Source {
    .init(code: code, settings: Settings(values: ["size": .int(size)]))
  }

  private func on(_ name: String, _ code: String = "a", size: Int64 = 1) -> Machine.Wanted {
    .init(name: name, isEnabled: true, source: .success(source(code, size: size)))
  }

  private func off(_ name: String) -> Machine.Wanted {
    .init(name: name, isEnabled: false, source: .failure(PluginError(.notFound, "off")))
  }

  private func want(_ list: [Machine.Wanted], again: Bool = false) -> [Machine.Action] {
    machine.want(list, again: again)
  }

  private func settle() -> [Machine.Action] { machine.settle() }

  private func started(_ serial: Int) -> Bool { machine.started(serial) }

  private func replace(_ serial: Int) -> [Machine.Action] { machine.replace(serial) }

  private func begin(rollingBack name: String) -> [Machine.Action] {
    machine.rollBack(name, reason: "it fails")
  }

  private func rollBack(_ name: String) -> [Machine.Action] {
    finish(machine.rollBack(name, reason: "it fails"))
  }

  /// Starts everything that is asked for, but for those named.
  private func follow(
    _ list: [Machine.Wanted], failing: Set<String> = [], again: Bool = false
  ) -> [Machine.Action] {
    finish(machine.want(list, again: again), failing: failing)
  }

  private func finish(
    _ actions: [Machine.Action], failing: Set<String> = []
  ) -> [Machine.Action] {
    for case .start(let serial) in actions {
      let name = machine.owner(of: serial) ?? ""
      if failing.contains(name) {
        machine.failed(serial, PluginError(.startFailed, "\(name) is broken"))
      } else {
        machine.started(serial)
      }
    }
    return machine.settle()
  }

  private var states: [String] {
    machine.statuses(generations: [:]).map { "\($0.name) \($0.state)" }
  }

  private func reason(_ name: String) -> String? {
    machine.statuses(generations: [:]).first { $0.name == name }?.reason
  }

  @Test("What is wanted becomes visible in one step, in the order of the file")
  func starts() {
    #expect(want([on("b"), on("a")]) == [.start(1), .start(2)])
    machine.started(1)
    machine.started(2)
    #expect(settle() == [.publish([1, 2])])
    #expect(states == ["b running", "a running"])
    #expect(settle() == [])
  }

  @Test("What is wanted already needs nothing")
  func same() {
    _ = follow([on("a")])
    #expect(follow([on("a")]) == [])
  }

  @Test("A plugin that fails to start is told, and the others run")
  func fails() {
    #expect(follow([on("a"), on("b")], failing: ["a"]) == [.publish([2])])
    #expect(states == ["a failed", "b running"])
    #expect(reason("a") == "TALLY-160: a is broken")
  }

  @Test("What failed is not tried again until it changes or is asked for again")
  func triesOnce() {
    _ = follow([on("a")], failing: ["a"])
    #expect(want([on("a")]) == [])
    #expect(want([on("a", size: 2)]) == [.start(2)])
    machine.failed(2, PluginError(.conflict, "taken"))
    #expect(states == ["a refused"])
    #expect(want([on("a", size: 2)], again: true) == [.start(3)])
  }

  @Test("Code that cannot be loaded is refused, or what runs goes on with the reason")
  func unloadable() {
    let broken = Machine.Wanted(
      name: "a", isEnabled: true, source: .failure(PluginError(.notSharedObject, "no ELF")))
    #expect(follow([broken]) == [])
    #expect(states == ["a refused"])
    #expect(follow([on("a")]) == [.publish([1])])
    #expect(follow([broken]) == [])
    #expect(states == ["a running"])
    #expect(reason("a") == "TALLY-101: no ELF")
    #expect(follow([on("a")]) == [])
    #expect(reason("a") == nil)
  }

  @Test("Off: unpublished at once, draining until its calls have ended, then disabled")
  func switchesOff() {
    _ = follow([on("a"), on("b")])
    #expect(follow([off("a"), on("b")]) == [.publish([2]), .retire(1)])
    #expect(states == ["a draining", "b running"])
    machine.ended(1)
    #expect(states == ["a disabled", "b running"])
  }

  @Test("Switched on again while the old instance drains, it runs anew")
  func switchesBack() {
    _ = follow([on("a")])
    _ = follow([off("a")])
    #expect(follow([on("a")]) == [.publish([2])])
    machine.ended(1)
    #expect(states == ["a running"])
  }

  @Test("A plugin the file names no longer goes, and is forgotten when it has ended")
  func removed() {
    _ = follow([on("a"), on("b")])
    #expect(follow([on("b")]) == [.publish([2]), .retire(1)])
    #expect(states == ["b running", "a draining"])
    machine.ended(1)
    #expect(follow([on("b")]) == [])
    #expect(states == ["b running"])
  }

  @Test("New settings and new code are new instances beside the old, swapped in one step")
  func replaces() {
    _ = follow([on("a")])
    #expect(follow([on("a", size: 2)]) == [.publish([2]), .retire(1)])
    #expect(machine.running("a")?.canGoBack == false)
    #expect(follow([on("a", "b", size: 2)]) == [.publish([3]), .retire(2)])
    #expect(machine.running("a")?.canGoBack == true)
  }

  @Test("A replacement that fails leaves what runs")
  func keepsOld() {
    _ = follow([on("a")])
    #expect(follow([on("a", "b")], failing: ["a"]) == [])
    #expect(states == ["a running"])
    #expect(reason("a") == "TALLY-160: a is broken")
    #expect(machine.running("a")?.serial == 1)
  }

  @Test("A new instance is tried beside those that are ready, and the running ones of the others")
  func others() {
    _ = follow([on("a"), on("b"), on("c")])
    #expect(want([on("a", "x"), on("b", "x"), on("c")]) == [.start(4), .start(5)])
    #expect(machine.others(than: 4) == [2, 3])
    machine.started(4)
    #expect(machine.others(than: 5) == [4, 3])
  }

  @Test("Code that does harm is rolled back, and not taken again before it changes")
  func rollsBack() {
    _ = follow([on("a")])
    _ = follow([on("a", "bad")])
    #expect(rollBack("a") == [.publish([3]), .retire(2)])
    #expect(machine.source(of: 3)?.code == "a")
    #expect(reason("a") == "it fails")
    #expect(machine.running("a")?.canGoBack == false)
    #expect(follow([on("a", "bad")]) == [])
    #expect(follow([on("a", "good")]) == [.publish([4]), .retire(3)])
    #expect(reason("a") == nil)
  }

  @Test("Asked for again, code that was rolled back is tried once more")
  func insists() {
    _ = follow([on("a")])
    _ = follow([on("a", "bad")])
    _ = rollBack("a")
    #expect(follow([on("a", "bad")], again: true) == [.publish([4]), .retire(3)])
    #expect(machine.running("a")?.canGoBack == true)
  }

  @Test("There is nothing to go back to for the first code of a plugin")
  func firstCode() {
    _ = follow([on("a")])
    #expect(rollBack("a") == [])
    #expect(states == ["a running"])
  }

  @Test("In quarantine a plugin stays out until it changes or is switched off and on")
  func quarantine() {
    _ = follow([on("a"), on("b")])
    machine.quarantine("a", reason: "3 faults in 5 minutes")
    #expect(settle() == [.publish([2]), .retire(1)])
    machine.ended(1)
    #expect(states == ["a quarantined", "b running"])
    #expect(reason("a") == "3 faults in 5 minutes")
    #expect(follow([on("a"), on("b")]) == [])
    #expect(follow([off("a"), on("b")]) == [])
    #expect(states == ["a disabled", "b running"])
    #expect(follow([on("a"), on("b")]) == [.publish([3, 2])])
  }

  @Test("Code that hangs is not taken again with other settings, only when it changes")
  func hangs() {
    _ = follow([on("a")])
    #expect(want([on("a", "x")]) == [.start(2)])
    machine.failed(2, PluginError(.startFailed, "hangs"), hangs: true)
    #expect(want([on("a", "x", size: 2)]) == [])
    #expect(states == ["a running"])
    #expect(want([on("a", "y")]) == [.start(3)])
  }

  @Test("State goes from the code that runs to new code, not to new settings and not back")
  func state() {
    _ = follow([on("a")])
    #expect(want([on("a", size: 2)]) == [.start(2)])
    #expect(machine.predecessor(of: 2) == nil)
    machine.started(2)
    _ = settle()
    #expect(want([on("a", "b", size: 2)]) == [.start(3)])
    #expect(machine.predecessor(of: 3) == 2)
    machine.started(3)
    _ = settle()
    #expect(begin(rollingBack: "a") == [.start(4)])
    #expect(machine.predecessor(of: 4) == nil)
  }

  // MARK: Starts that take long

  @Test("A start that is under way is not begun again, and others are visible meanwhile")
  func underWay() {
    #expect(want([on("a"), on("b")]) == [.start(1), .start(2)])
    machine.started(2)
    #expect(settle() == [.publish([2])])
    #expect(states == ["a found", "b running"])
    #expect(want([on("a"), on("b", "x")]) == [.start(3)])
    machine.started(3)
    #expect(settle() == [.publish([3]), .retire(2)])
    #expect(started(1))
    #expect(settle() == [.publish([1, 3])])
  }

  @Test("What comes of a start that nobody wants any more is not taken")
  func overtaken() {
    _ = follow([on("a")])
    #expect(want([on("a", "b")]) == [.start(2)])
    #expect(want([on("a", "c")]) == [.start(3)])
    #expect(!started(2))
    machine.failed(2, PluginError(.startFailed, "late"), hangs: true)
    #expect(reason("a") == nil)
    #expect(started(3))
    #expect(settle() == [.publish([3]), .retire(1)])
    #expect(want([on("a", "d")]) == [.start(4)])
    #expect(want([on("a", "c")]) == [])
    #expect(!started(4))
    #expect(want([on("a", "e")]) == [.start(5)])
    #expect(want([off("a")]) == [])
    #expect(!started(5))
  }

  // MARK: Settings of running instances

  private func live(_ name: String, _ code: String = "a", size: Int64) -> Machine.Wanted {
    var source = source(code, size: size)
    source.liveSettings = ["size"]
    return .init(name: name, isEnabled: true, source: .success(source))
  }

  @Test("Settings that a plugin takes over while it runs need no other instance")
  func changes() {
    _ = follow([live("a", size: 1)])
    #expect(want([live("a", size: 2)]) == [.change(1)])
    #expect(machine.change(of: 1)?.settings == Settings(values: ["size": .int(2)]))
    machine.changed(1)
    #expect(settle() == [])
    #expect(want([live("a", size: 2)]) == [])
    #expect(want([live("a", "b", size: 3)]) == [.start(2)])
  }

  @Test("Settings that are refused are not tried again; those before go on with the reason")
  func refusesChange() {
    _ = follow([live("a", size: 1)])
    #expect(want([live("a", size: 2)]) == [.change(1)])
    machine.unchanged(1, PluginError(.startFailed, "too large"))
    #expect(settle() == [])
    #expect(reason("a") == "TALLY-160: too large")
    #expect(want([live("a", size: 2)]) == [])
    #expect(want([live("a", size: 3)]) == [.change(1)])
  }

  @Test("Settings that could not be taken over are those of another instance")
  func replacesAfterChange() {
    _ = follow([live("a", size: 1)])
    _ = want([live("a", size: 2)])
    #expect(replace(1) == [.start(2)])
    machine.started(2)
    #expect(settle() == [.publish([2]), .retire(1)])
    #expect(want([live("a", size: 2)]) == [])
  }

  @Test("What the operator should know of running code stays with it")
  func note() {
    var wanted = on("a")
    wanted.note = "rolled back: too slow"
    _ = follow([wanted])
    #expect(reason("a") == "rolled back: too slow")
    #expect(follow([wanted]) == [])
    #expect(reason("a") == "rolled back: too slow")
    #expect(follow([on("a")]) == [])
    #expect(reason("a") == nil)
  }
}
