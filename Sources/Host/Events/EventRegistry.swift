/// What management knows of an app's events beside what was counted of them: names, order, overview,
/// what is left out, and groups. A value without I/O; one JSON object in the store.
struct EventRegistry: Equatable, Sendable {
  /// Events and groups that an overview shows.
  static let overviewMax = 12
  static let groupPrefix = "[CLY]_group_"
  private static let properties: [String: String] = [
    "count": "Count", "sum": "Sum", "dur": "Duration",
  ]

  /// By event: how it is called and shown. A dot in a name is written `\u002e`.
  private(set) var map: [String: JSONValue] = [:]
  private(set) var order: [String] = []
  private(set) var overview: [JSONValue] = []
  /// By event, the segments that are not counted; nil until something was left out.
  private(set) var omitted: [String: [String]]?
  /// By event, the only segments that are counted; nil until something was.
  private(set) var whitelisted: [String: [String]]?
  private(set) var groups: [EventGroup] = []

  init() {}

  init(_ text: String) {
    guard let members = JSONValue(text)?.members else { return }
    map = members["map"]?.members ?? [:]
    order = members["order"]?.texts ?? []
    if case .array(let items)? = members["overview"] { overview = items }
    omitted = members["omitted_segments"]?.members?.mapValues(\.texts)
    whitelisted = members["whitelisted_segments"]?.members?.mapValues(\.texts)
    if case .array(let list)? = members["groups"] { groups = list.compactMap(EventGroup.init) }
  }

  var text: String {
    var members = told
    members["groups"] = .array(groups.map(\.document))
    return JSONValue.object(members).text(escaping: false)
  }

  /// What clients are told beside the events; nothing of what was never said.
  var told: [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    if !map.isEmpty { members["map"] = .object(map) }
    if !order.isEmpty { members["order"] = .texts(order) }
    if !overview.isEmpty { members["overview"] = .array(overview) }
    members["omitted_segments"] = omitted.map { .object($0.mapValues(JSONValue.texts)) }
    members["whitelisted_segments"] = whitelisted.map { .object($0.mapValues(JSONValue.texts)) }
    return members
  }

  /// What intake has to know; nil when nothing is left out.
  var rules: EventRules? {
    EventRules(omitted: omitted ?? [:], whitelisted: whitelisted ?? [:])
  }

  /// An event's name as a member's.
  static func stored(_ key: String) -> String { key.replacing(".", with: "\\u002e") }

  static func plain(_ key: String) -> String { key.replacing("\\u002e", with: ".") }

  // MARK: Names and order

  mutating func setOrder(_ keys: [String]) { order = keys }

  /// What is as it would be anyway is not kept.
  mutating func setMap(_ entries: [String: JSONValue]) {
    for (name, value) in entries {
      guard var entry = value.members else { continue }
      let key = Self.stored(Self.plain(name))
      if entry["name"] == .string(Self.plain(name)) { entry["name"] = nil }
      if entry["is_visible"]?.flag == true { entry["is_visible"] = nil }
      map[key] = entry.isEmpty ? nil : .object(entry)
    }
    dropHidden()
  }

  mutating func setVisible(_ keys: [String], _ isVisible: Bool) {
    for key in keys.map({ Self.stored(Self.plain($0)) }) {
      var entry = map[key]?.members ?? [:]
      entry["is_visible"] = isVisible ? nil : .bool(false)
      map[key] = entry.isEmpty ? nil : .object(entry)
    }
    dropHidden()
  }

  private func isHidden(_ key: String) -> Bool {
    map[Self.stored(key)]?.members?["is_visible"] == .bool(false)
  }

  // MARK: Overview

  /// Of events that are there, each property once, completed; nil when there are too many.
  mutating func setOverview(_ items: [JSONValue], events: Set<String>) -> Bool {
    var seen: Set<[String]> = []
    var found: [JSONValue] = []
    for item in items.compactMap(\.members) {
      guard let key = item["eventKey"]?.string, let property = item["eventProperty"]?.string,
        let label = Self.properties[property], let name = name(ofShown: key, events: events),
        seen.insert([key, property]).inserted
      else { continue }
      found.append(
        .object([
          "eventKey": .string(key), "eventProperty": .string(property),
          "order": .number(Double(found.count)), "eventName": .string(name),
          "is_event_group": .bool(key.hasPrefix(Self.groupPrefix)),
          "propertyName": .string(self.label(of: key, property) ?? label),
        ]))
    }
    guard found.count <= Self.overviewMax else { return false }
    overview = found
    dropHidden()
    return true
  }

  /// How an event or a group is called; nil of what is not there.
  private func name(ofShown key: String, events: Set<String>) -> String? {
    if let group = groups.first(where: { $0.id == key }) { return group.name }
    guard events.contains(Self.plain(key)) else { return nil }
    return map[Self.stored(Self.plain(key))]?.members?["name"]?.string ?? Self.plain(key)
  }

  private func label(of key: String, _ property: String) -> String? {
    let text =
      groups.first { $0.id == key }?.displayMap[property]?.string
      ?? map[Self.stored(Self.plain(key))]?.members?[property]?.string
    return text.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// What nobody is shown is in no overview.
  private mutating func dropHidden() {
    keepOverview { [self] key in
      groups.first { $0.id == key }.map(\.isActive) ?? !isHidden(Self.plain(key))
    }
  }

  private mutating func keepOverview(_ keeps: (String) -> Bool) {
    let kept = overview.compactMap(\.members).filter { keeps($0["eventKey"]?.string ?? "") }
    overview = kept.enumerated().map { place, item in
      .object(item.merging(["order": .number(Double(place))]) { _, new in new })
    }
  }

  // MARK: Segments

  /// An empty list takes back what was left out.
  mutating func omit(_ segments: [String: [String]]) {
    omitted = Self.merged(omitted, segments)
  }

  /// An empty list takes back what was said of the event.
  mutating func whitelist(_ segments: [String: [String]]) {
    whitelisted = Self.merged(whitelisted, segments)
  }

  private static func merged(
    _ known: [String: [String]]?, _ new: [String: [String]]
  ) -> [String: [String]] {
    var merged = known ?? [:]
    for (name, segments) in new {
      merged[stored(plain(name))] = segments.isEmpty ? nil : segments
    }
    return merged
  }

  // MARK: Events that go

  mutating func forget(_ keys: [String]) {
    let gone = Set(keys.map(Self.plain))
    order.removeAll { gone.contains(Self.plain($0)) }
    map = map.filter { !gone.contains(Self.plain($0.key)) }
    omitted = omitted?.filter { !gone.contains(Self.plain($0.key)) }
    whitelisted = whitelisted?.filter { !gone.contains(Self.plain($0.key)) }
    keepOverview { !gone.contains(Self.plain($0)) }
  }

  // MARK: Groups

  mutating func put(_ group: EventGroup) {
    if let place = groups.firstIndex(where: { $0.id == group.id }) {
      groups[place] = group
    } else {
      groups.append(group)
    }
    dropHidden()
  }

  /// Those that are named come first, in that order.
  mutating func orderGroups(_ ids: [String]) {
    for (place, id) in ids.enumerated() {
      guard let index = groups.firstIndex(where: { $0.id == id }) else { continue }
      groups[index].order = place
    }
  }

  mutating func activate(_ ids: [String], _ isActive: Bool) {
    for index in groups.indices where ids.contains(groups[index].id) {
      groups[index].isActive = isActive
    }
    dropHidden()
  }

  mutating func deleteGroups(_ ids: [String]) {
    groups.removeAll { ids.contains($0.id) }
    keepOverview { !ids.contains($0) }
  }
}
