import Store

/// Questions about events whose answer needs what management knows: it is asked of the plugin that
/// counts them, in other words, and completed.
struct EventQuestions {
  /// Beside answers for clients, `noescape=true` lets them be read.
  private static let plain = "noescape"

  let registry: EventRegistry

  /// Nil when the plugin's own answer is right.
  init?(_ request: QueryRequest, _ app: RegisteredApp, _ store: Store) throws {
    guard request.path == "/o", ["events", "get_events"].contains(request.parameters["method"]),
      app.hasEventRegistry
    else { return nil }
    registry = EventRegistry(try store.events(app: app.number))
  }

  func answer(
    _ request: QueryRequest, ask: (QueryRequest) throws -> QueryReply
  ) throws -> QueryReply {
    if request.parameters["method"] == "get_events" { return try list(request, ask) }
    var asked = request
    if let key = request.parameters["event"], key.hasPrefix(EventRegistry.groupPrefix) {
      guard let group = registry.groups.first(where: { $0.id == key }) else {
        return EventGroupDesk.unknown(key)
      }
      asked.parameters["event"] = nil
      asked.parameters["events"] = Self.text(group.sourceEvents)
    } else if request.parameters["event"] == nil, let list = request.parameters["events"] {
      asked.parameters["events"] = ungrouped(list)
    } else if request.parameters["event"] == nil {
      let first = registry.order.map(EventRegistry.plain).first { !$0.hasPrefix("[CLY]") }
      if let first { asked.parameters["event"] = first }
    }
    return try ask(asked)
  }

  /// Groups among the events that are added up are all of theirs.
  private func ungrouped(_ list: String) -> String {
    guard let keys = JSONValue(list)?.texts, !keys.isEmpty,
      keys.contains(where: { $0.hasPrefix(EventRegistry.groupPrefix) })
    else { return list }
    return Self.text(
      keys.flatMap { key in registry.groups.first { $0.id == key }?.sourceEvents ?? [key] })
  }

  private static func text(_ keys: [String]) -> String {
    JSONValue.texts(keys).text(escaping: false)
  }

  /// The events that were counted, with what management knows of them.
  private func list(
    _ request: QueryRequest, _ ask: (QueryRequest) throws -> QueryReply
  ) throws -> QueryReply {
    var asked = request
    asked.parameters[Self.plain] = "true"
    let reply = try ask(asked)
    guard reply.status == 200,
      var document = JSONValue(String(decoding: reply.body, as: UTF8.self))?.members,
      document["list"] != nil
    else { return reply }
    if let omitted = registry.omitted, !omitted.isEmpty {
      var segments = document["segments"]?.members ?? [:]
      for (name, gone) in omitted {
        let left = (segments[EventRegistry.plain(name)]?.texts ?? []).filter { !gone.contains($0) }
        segments[EventRegistry.plain(name)] = .texts(left)
      }
      document["segments"] = .object(segments)
    }
    document.merge(registry.told) { _, told in told }
    let escapes = request.parameters[Self.plain] != "true"
    return QueryReply(
      status: 200, body: Array(JSONValue.object(document).text(escaping: escapes).utf8))
  }
}
