import Foundation
import GRDB
import Testing

@testable import Store

@Suite struct ConsumersTests {
  private let fixture: StoreFixture

  init() throws { fixture = try StoreFixture() }

  private static func metric(_ plugin: String) -> MetricDefinition {
    MetricDefinition(
      plugin: plugin, name: "m", measures: [Measure(name: "t", kind: .sum, grains: Grain.all)])
  }

  @Test("A plugin has no position before one was committed or set")
  func positions() throws {
    let number = try fixture.set.plugin("views")
    #expect(try fixture.store.storedPosition(ofPlugin: number) == nil)
    try fixture.store.restart(plugin: "views", after: 0, forgetting: false)
    #expect(try fixture.store.storedPosition(ofPlugin: number) == 0)
    let flush = fixture.set.takeFlush(through: 9, positions: [(number, 7)])
    try fixture.store.commit(flush)
    #expect(try fixture.store.storedPosition(ofPlugin: number) == 7)
    try fixture.store.restart(plugin: "views", after: 2, forgetting: false)
    #expect(try fixture.store.storedPosition(ofPlugin: number) == 2)
  }

  @Test("Forgetting drops what one plugin has counted, and nothing of another")
  func forgets() throws {
    // The second name begins with the first one.
    for name in ["view", "view-2"] {
      let plugin = try fixture.set.plugin(name)
      let user = try fixture.user("d")
      try fixture.set.setCell(user: user.slot, plugin: plugin, [1, 2, 3])
      let series = try fixture.series(fixture.set.register(Self.metric(name)))
      fixture.add(series, hour: 480_000, 5)
      try fixture.set.setDocument(
        plugin: plugin, app: 1, collection: "c", key: [65], [1], documentLimit: 10)
    }
    try fixture.flush()
    try fixture.store.restart(plugin: "view", after: 0, forgetting: true)
    try fixture.reopen()
    let counters = try fixture.counters()
    #expect(!counters.isEmpty && counters.keys.allSatisfy { $0.hasPrefix("1 view-2.m") })
    let user = try fixture.user("d")
    #expect(!user.isNew)
    #expect(try fixture.set.cell(user: user.slot, plugin: fixture.set.plugin("view")) == [])
    #expect(
      try fixture.set.cell(user: user.slot, plugin: fixture.set.plugin("view-2")) == [1, 2, 3])
    let plugins = try fixture.store.pool.read {
      try Int.fetchAll($0, sql: "SELECT plugin FROM document")
    }
    #expect(plugins == [try fixture.set.plugin("view-2")])
  }

  @Test("A time finds the position behind which items were received at it or later")
  func times() throws {
    let start: Int64 = 1_750_000_000_000
    for position in UInt64(1)...20 where position % 3 != 0 {
      fixture.raw(position: position, receivedMs: start + Int64(position) * 1_000)
    }
    fixture.position = 19
    try fixture.flush()
    let store = fixture.store
    #expect(try store.position(beforeReceivedMs: 0) == 0)
    #expect(try store.position(beforeReceivedMs: start + 5_000) == 4)
    #expect(try store.position(beforeReceivedMs: start + 5_001) == 5)
    #expect(try store.position(beforeReceivedMs: start + 20_000) == 19)
    #expect(try store.position(beforeReceivedMs: start + 20_001) == 20)
  }
}
