import PluginRuntime
import Store

/// Changes how events are called, shown and counted: `/i/events/*`. What is left out from now on is
/// neither counted nor kept of before; that is a command of the journal.
struct EventDesk: Sendable {
  static let metric = "events.events"
  private static let missing = QueryReply(status: 400, message: "Could not find event")
  private static let missingRecord = QueryReply(
    status: 400, message: "Could not find record in event collection")
  private static let tooMany = QueryReply(
    status: 400,
    message: "You can't add more than \(EventRegistry.overviewMax) items in overview")
  static let success = QueryReply(status: 200, message: "Success")

  let core: Core

  // MARK: Orders

  func editMap(_ visit: Visit) throws -> QueryReply {
    let app = try Self.app(visit)
    let events = try events(of: app)
    guard !events.isEmpty else { return Self.missing }
    if let name = Self.unreadable(visit) {
      return QueryReply(status: 400, message: "Error: Invalid JSON for \(name)")
    }
    let map = Self.json("event_map", visit)?.members
    let overview = Self.json("event_overview", visit)
    var omitted = Self.lists("omitted_segments", visit)
    // Nothing at all, said of some events, takes back what was left out of these.
    if omitted?.isEmpty == true, let map { omitted = map.mapValues { _ in [] } }
    var isTooMany = false
    try change(app, "events.changed", visit) { registry in
      if let order = Self.json("event_order", visit)?.texts { registry.setOrder(order) }
      if let map { registry.setMap(map) }
      if let omitted { registry.omit(omitted) }
      if case .array(let items)? = overview {
        isTooMany = !registry.setOverview(items, events: events)
      }
      return !isTooMany
    }
    if isTooMany { return Self.tooMany }
    var clearing = AppClearing(.events)
    clearing.segments = Dictionary(
      (omitted ?? [:]).filter { !$0.value.isEmpty }.map { (EventRegistry.plain($0.key), $0.value) }
    ) { first, _ in first }
    return try clear(app, clearing)
  }

  func whitelist(_ visit: Visit) throws -> QueryReply {
    let app = try Self.app(visit)
    guard let segments = Self.lists("whitelisted_segments", visit) else {
      return QueryReply(status: 400, message: "Value for 'whitelisted_segments' missing")
    }
    guard try !events(of: app).isEmpty else { return Self.missingRecord }
    try change(app, "events.segments_whitelisted", visit) { registry in
      registry.whitelist(segments)
      return true
    }
    return Self.success
  }

  func delete(_ visit: Visit) throws -> QueryReply {
    let app = try Self.app(visit)
    guard let events = Self.json("events", visit)?.texts, !events.isEmpty else {
      return QueryReply(status: 400, message: "Missing events to delete")
    }
    guard try !self.events(of: app).isEmpty else { return Self.missing }
    try change(app, "events.deleted", visit) { registry in
      registry.forget(events)
      return true
    }
    var clearing = AppClearing(.events)
    clearing.events = events.map(EventRegistry.plain)
    return try clear(app, clearing)
  }

  func changeVisibility(_ visit: Visit) throws -> QueryReply {
    let app = try Self.app(visit)
    guard let events = Self.json("events", visit)?.texts,
      let wish = visit.request.parameters["set_visibility"], ["hide", "show"].contains(wish),
      try !self.events(of: app).isEmpty
    else { return Self.missing }
    try change(app, "events.changed", visit) { registry in
      registry.setVisible(events, wish == "show")
      return true
    }
    return Self.success
  }

  // MARK: Parts

  static func app(_ visit: Visit) throws -> RegisteredApp {
    guard let app = visit.app else { throw QueryError(code: .missingAppID) }
    return app
  }

  /// A parameter that is JSON; nil when it is not there, or none.
  static func json(_ name: String, _ visit: Visit) -> JSONValue? {
    visit.request.parameters[name].flatMap { JSONValue($0) }
  }

  /// A parameter of `editMap` that is there and not of its shape.
  private static func unreadable(_ visit: Visit) -> String? {
    ["event_map", "event_order", "event_overview", "omitted_segments"].first { name in
      guard let text = visit.request.parameters[name], !text.isEmpty else { return false }
      switch (JSONValue(text), name) {
      case (.object(let members), "event_map"):
        return members.values.contains { $0.members == nil }
      case (.object, "omitted_segments"), (.array, "event_order"), (.array, "event_overview"):
        return false
      default: return true
      }
    }
  }

  private static func lists(_ name: String, _ visit: Visit) -> [String: [String]]? {
    json(name, visit)?.members?.mapValues(\.texts)
  }

  /// The events that were ever counted, with what was accepted before the question.
  func events(of app: RegisteredApp) throws -> Set<String> {
    core.pipeline.gate.wait(for: core.journal.durablePosition)
    guard let metric = core.runtime.set.metrics.first(where: { $0.storedName == Self.metric })
    else { return [] }
    return Set(try core.store.read { try $0.names(metric, app: app.number) })
  }

  /// Changes what is known of an app's events, unless `body` says no. It holds for every request
  /// that begins behind the answer, and for what the pipeline counts from then on.
  func change(
    _ app: RegisteredApp, _ action: String, _ visit: Visit,
    _ body: (inout EventRegistry) -> Bool
  ) throws {
    let line = AuditLine(
      atMs: Clock.system.nowMs, plugin: "", member: visit.member.id, app: app.number,
      action: action, detail: "")
    try core.store.changeEvents(app: app.number, audit: line) { text in
      var registry = EventRegistry(text)
      return body(&registry) ? registry.text : nil
    }
    try core.reloadAdministration()
  }

  private func clear(_ app: RegisteredApp, _ clearing: AppClearing) throws -> QueryReply {
    if clearing.events.isEmpty, clearing.segments.isEmpty { return Self.success }
    if let reason = try AppRemovalDesk(core: core).clear(app.number, clearing) {
      return QueryReply(status: 500, message: reason)
    }
    return Self.success
  }
}
