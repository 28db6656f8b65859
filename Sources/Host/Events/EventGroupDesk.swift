import Store

/// Makes, changes and deletes groups of events, `/i/event_groups/*`, and tells of them.
struct EventGroupDesk: Sendable {
  static let groupsMax = 500
  private static let missing = QueryReply(status: 400, message: "Could not find event")
  private static let noArguments = QueryReply(status: 400, message: "Error: args not found")
  private static let fields: [Arguments.Field] = [
    .init(name: "app_id", kind: .text, isRequired: true),
    .init(name: "name", kind: .text, isRequired: true),
    .init(name: "source_events", kind: .list, isRequired: true),
    .init(name: "display_map", kind: .object, isRequired: true),
    .init(name: "status", kind: .flag, isRequired: true),
    .init(name: "description", kind: .text),
  ]

  let desk: EventDesk

  // MARK: Orders

  func create(_ visit: Visit) throws -> QueryReply {
    let app = try EventDesk.app(visit)
    guard let arguments = Arguments(visit.request) else { return Self.noArguments }
    let refusals = arguments.refusals(Self.fields)
    guard refusals.isEmpty else { return AppDesk.refusal(refusals.joined(separator: ",")) }
    let random = (0..<16).map { _ in UInt8.random(in: 0...255) }
    let id = random.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    var isFull = false
    try desk.change(app, "events.group_created", visit) { registry in
      isFull = registry.groups.count >= Self.groupsMax
      guard !isFull else { return false }
      registry.put(
        EventGroup(
          id: EventRegistry.groupPrefix + id, name: arguments.text("name") ?? "",
          sourceEvents: arguments.list("source_events") ?? [],
          displayMap: arguments["display_map"]?.members ?? [:],
          isActive: arguments.flag("status") ?? true, description: arguments.text("description"),
          order: registry.groups.count))
      return true
    }
    return isFull
      ? AppDesk.refusal("an app has at most \(Self.groupsMax) groups") : EventDesk.success
  }

  /// One group, or the order of all, or whether some are active.
  func update(_ visit: Visit) throws -> QueryReply {
    let app = try EventDesk.app(visit)
    if let ids = EventDesk.json("event_order", visit)?.texts {
      try desk.change(app, "events.group_changed", visit) { registry in
        registry.orderGroups(ids)
        return true
      }
      return EventDesk.success
    }
    if let ids = EventDesk.json("update_status", visit)?.texts {
      let isActive = visit.request.parameters["status"] == "true"
      if !isActive, try desk.events(of: app).isEmpty { return Self.missing }
      try desk.change(app, "events.group_changed", visit) { registry in
        registry.activate(ids, isActive)
        return true
      }
      return EventDesk.success
    }
    guard let arguments = Arguments(visit.request), let id = arguments.text("_id") else {
      return Self.noArguments
    }
    let refusals = arguments.refusals(
      Self.fields.map {
        Arguments.Field(name: $0.name, kind: $0.kind, mayBeEmpty: $0.name != "name")
      })
    guard refusals.isEmpty else { return AppDesk.refusal(refusals.joined(separator: ",")) }
    try desk.change(app, "events.group_changed", visit) { registry in
      guard var group = registry.groups.first(where: { $0.id == id }) else { return false }
      group.name = arguments.text("name") ?? group.name
      group.sourceEvents = arguments.list("source_events") ?? group.sourceEvents
      group.displayMap = arguments["display_map"]?.members ?? group.displayMap
      group.isActive = arguments.flag("status") ?? group.isActive
      group.description = arguments.text("description") ?? group.description
      registry.put(group)
      return true
    }
    return EventDesk.success
  }

  func delete(_ visit: Visit) throws -> QueryReply {
    let app = try EventDesk.app(visit)
    guard let ids = EventDesk.json("args", visit)?.texts, !ids.isEmpty else {
      return Self.noArguments
    }
    if try desk.events(of: app).isEmpty { return Self.missing }
    try desk.change(app, "events.group_deleted", visit) { registry in
      registry.deleteGroups(ids)
      return true
    }
    return EventDesk.success
  }

  // MARK: Questions

  func all(_ visit: Visit) throws -> QueryReply {
    let app = try EventDesk.app(visit)
    let groups = try registry(app).groups.enumerated().sorted {
      ($0.element.order, $0.offset) < ($1.element.order, $1.offset)
    }
    return QueryReply(.array(groups.map { $0.element.told(appID: app.hexID) }))
  }

  func one(_ visit: Visit) throws -> QueryReply {
    let app = try EventDesk.app(visit)
    let id = visit.request.parameters["_id"] ?? ""
    guard let group = try registry(app).groups.first(where: { $0.id == id }) else {
      return Self.unknown(id)
    }
    return QueryReply(group.told(appID: app.hexID))
  }

  static func unknown(_ id: String) -> QueryReply {
    QueryReply(status: 500, message: "error: there is no group \(id)")
  }

  private func registry(_ app: RegisteredApp) throws -> EventRegistry {
    EventRegistry(try desk.core.store.events(app: app.number))
  }
}
