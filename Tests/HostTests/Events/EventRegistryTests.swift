import Testing

@testable import Host

@Suite struct EventRegistryTests {
  private func group(_ id: String, isActive: Bool = true) -> EventGroup {
    EventGroup(
      id: EventRegistry.groupPrefix + id, name: "Group \(id)", sourceEvents: ["a", "b"],
      displayMap: [:], isActive: isActive, description: nil, order: 0)
  }

  private func item(_ key: String, _ property: String = "count") -> JSONValue {
    .object(["eventKey": .string(key), "eventProperty": .string(property)])
  }

  private func shown(_ registry: EventRegistry) -> [String?] {
    registry.overview.map { $0.members?["eventKey"]?.string }
  }

  @Test("What is stored is what is read, and nothing that was never said is told")
  func text() {
    #expect(EventRegistry().told.isEmpty && EventRegistry("").text == EventRegistry().text)
    var registry = EventRegistry()
    registry.setOrder(["b", "a"])
    registry.setMap(["a.b": .object(["name": .string("A"), "is_visible": .bool(false)])])
    registry.omit(["a.b": ["s"]])
    registry.whitelist(["b": ["t"]])
    registry.put(group("1"))
    let isSet = registry.setOverview([item("b")], events: ["a.b", "b"])
    #expect(isSet)
    #expect(EventRegistry(registry.text) == registry)
    #expect(registry.map.keys.first == "a\\u002eb")
  }

  @Test("An overview has 12 items, each once, of what is there and shown")
  func overview() {
    var registry = EventRegistry()
    let events = Set((1...13).map { "e\($0)" })
    let isTooMany = !registry.setOverview(events.sorted().map { item($0) }, events: events)
    #expect(isTooMany && registry.overview.isEmpty)
    registry.setVisible(["e2"], false)
    registry.put(group("1"))
    let wanted = ["e1", "e2", "e1", "none", EventRegistry.groupPrefix + "1"].map { item($0) }
    let isSet = registry.setOverview(wanted + [item("e3", "color")], events: events)
    #expect(isSet)
    #expect(shown(registry) == ["e1", EventRegistry.groupPrefix + "1"])
    #expect(registry.overview.last?.members?["order"] == .number(1))
    #expect(registry.overview.last?.members?["eventName"] == .string("Group 1"))
  }

  @Test("A group that is deleted or inactive leaves the overview")
  func groups() {
    var registry = EventRegistry()
    let ids = ["1", "2"].map { EventRegistry.groupPrefix + $0 }
    for id in ["1", "2"] { registry.put(group(id)) }
    let isSet = registry.setOverview(ids.map { item($0) }, events: [])
    #expect(isSet)
    registry.activate([ids[0]], false)
    #expect(shown(registry) == [ids[1]])
    registry.deleteGroups([ids[1]])
    #expect(shown(registry) == [] && registry.groups.map(\.id) == [ids[0]])
  }

  @Test("What intake must know is what is left out, by cleaned names")
  func rules() throws {
    #expect(EventRegistry().rules == nil)
    var registry = EventRegistry()
    registry.omit(["a.b": ["cd"]])
    registry.whitelist(["w": ["x"]])
    let rules = try #require(registry.rules)
    func counts(_ segment: String, of event: String) -> Bool {
      Array(segment.utf8).withUnsafeBytes { segment in
        Array(event.utf8).withUnsafeBytes { rules.counts(segment, of: $0) }
      }
    }
    #expect(!counts("cd", of: "a.b") && !counts("$c.d", of: "a.b") && counts("x", of: "a.b"))
    #expect(counts("x", of: "w") && !counts("y", of: "w") && counts("cd", of: "other"))
    registry.omit(["a.b": []])
    registry.whitelist(["w": []])
    #expect(registry.rules == nil && registry.told["whitelisted_segments"] == .object([:]))
  }
}
