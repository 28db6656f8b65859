import Testing

@testable import PluginRuntime

@Suite("Hook order")
struct HookOrderTests {
  private func order(_ entries: [HookOrder.Entry]) -> [String]? {
    guard case .success(let order) = HookOrder.sorted(entries) else { return nil }
    return order.map { entries[$0].plugin }
  }

  private func entry(
    _ plugin: String, _ phase: Int32 = 0, before: [String] = [], after: [String] = []
  ) -> HookOrder.Entry {
    .init(plugin: plugin, phase: phase, before: before, after: after)
  }

  @Test("Phases decide first, names break ties")
  func phases() {
    #expect(order([entry("b"), entry("c", -500), entry("a")]) == ["c", "a", "b"])
  }

  @Test("before and after win over phases")
  func beforeAndAfter() {
    #expect(order([entry("a", -500, after: ["z"]), entry("z", 500)]) == ["z", "a"])
    #expect(order([entry("a"), entry("z", 500, before: ["a"])]) == ["z", "a"])
  }

  @Test("A cycle is refused with the names in it")
  func cycle() {
    let entries = [entry("a", before: ["b"]), entry("b", before: ["a"]), entry("c", -1)]
    guard case .failure(let cycle) = HookOrder.sorted(entries) else {
      Issue.record("a cycle was sorted")
      return
    }
    #expect(cycle.plugins == ["b", "a", "b"] || cycle.plugins == ["a", "b", "a"])
  }

  @Test("A name that does not run is ignored")
  func unknownName() {
    #expect(order([entry("b", after: ["missing"]), entry("a")]) == ["a", "b"])
  }
}
