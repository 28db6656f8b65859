import PluginKit

/// The questions about events.
struct EventAnswers: Sendable {
  let events: Metric
  let host: Host
  let analytics: EventAnalytics

  /// Keys of events that only the product itself shows.
  static var hidden: Text { "[CLY]" }

  // MARK: method=events

  /// The counters of one event, of several added up, or of the first.
  func document(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    let segment = String(request["segmentation"] ?? "")
    if let list = request["events"] {
      guard let keys = EventAnalytics.keys(list) else {
        return reply.refuse(400, "events must be a JSON array of event keys")
      }
      if request["overview"] != nil {
        return try analytics.writeOverview(of: keys, request, reply)
      }
      try Text.with(segment) { try document(of: keys, segment: $0, request, reply) }
    } else if let key = try request["event"].map({ String($0) }) ?? first(request) {
      try document(of: key, segment: segment, request)
    } else {
      reply.write("{}")
    }
  }

  private func document(
    of keys: [String], segment: Text, _ request: borrowing Request, _ reply: borrowing Reply
  ) throws {
    switch keys.count {
    case 0: reply.write("{}")
    case 1: try Text.with(keys[0]) { try ask($0, segment, request) }
    default:
      try Text.with(keys.joined(separator: "\0")) {
        try request.document(Question(events, addingSubjects: $0, dimension: segment))
      }
    }
  }

  private func document(
    of key: String, segment: String, _ request: borrowing Request
  ) throws {
    try Text.with(key) { key in
      try Text.with(segment) { segment in try ask(key, segment, request) }
    }
  }

  /// Names are asked for as they are counted, so a segment's name is cleaned like one that arrives.
  private func ask(_ key: Text, _ segment: Text, _ request: borrowing Request) throws {
    try TextBuffer.with(capacity: max(segment.count, 1)) { room in
      let dimension = segment == "no-segment" ? "" : room.cleanedName(segment)
      try request.document(Question(events, subject: key, dimension: dimension))
    }
  }

  /// The first visible key by name.
  private func first(_ request: borrowing Request) throws -> String? {
    try keys(request).min { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private func keys(_ request: borrowing Request) throws -> [String] {
    var keys: [String] = []
    try request.names(events) { key in
      if !key.hasPrefix(Self.hidden) { keys.append(String(key)) }
      return true
    }
    return keys
  }

  // MARK: method=get_events

  /// Which events and segments the app has; `limits` is always there.
  func registry(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    let keys = try keys(request)
    reply.write("{")
    if !keys.isEmpty {
      reply.write("\"_id\":")
      reply.string(request.appID)
      reply.write(",\"list\":")
      list(keys, reply)
      reply.write(",")
      try segments(of: keys, request, reply)
    }
    let limits = try EventLimits(host, app: request.app)
    reply.write("\"limits\":{\"event_limit\":")
    reply.number(Int64(limits.keys))
    reply.write(",\"event_segmentation_limit\":")
    reply.number(Int64(limits.segments))
    reply.write(",\"event_segmentation_value_limit\":")
    reply.number(Int64(limits.values))
    reply.write("}}")
  }

  /// Writes `"segments":{…},`, or nothing when no event has any.
  private func segments(
    of keys: [String], _ request: borrowing Request, _ reply: borrowing Reply
  ) throws {
    var isFirst = true
    for key in keys {
      let names = try Text.with(key) { try segments(of: $0, request) }
      guard !names.isEmpty else { continue }
      reply.write(isFirst ? "\"segments\":{" : ",")
      isFirst = false
      reply.string(key)
      reply.write(":")
      list(names, reply)
    }
    if !isFirst { reply.write("},") }
  }

  private func segments(of key: Text, _ request: borrowing Request) throws -> [String] {
    var names: [String] = []
    try request.names(events, subject: key) { name in
      if !name.hasPrefix(Self.hidden) { names.append(String(name)) }
      return true
    }
    return names
  }

  private func list(_ strings: [String], _ reply: borrowing Reply) {
    reply.write("[")
    for (place, string) in strings.enumerated() {
      if place > 0 { reply.write(",") }
      reply.string(string)
    }
    reply.write("]")
  }
}
