import PluginKit

/// What is asked about events beside their documents: points of a chart, overviews, the largest.
struct EventAnalytics: Sendable {
  private enum Kind { case series, overview, top }

  /// Places of `c`, `s` and `dur`; the last two in units of 1e-5.
  private static let (count, sum, duration) = (0, 1, 2)
  private static let unitsPerOne = 100_000.0
  /// Events of one question.
  private static let eventsMax = 100
  private static let topStandard = 10

  /// Which events are meant, and by what they are told apart.
  static let keyParameters = [
    "event": "A key.", "events": "A JSON array of keys.", "segmentation": "A segment.",
  ]

  private let events: Metric
  private let routes: [Route: Kind]

  init(_ registrar: borrowing Registrar, _ events: Metric) throws {
    self.events = events
    func read(
      _ path: String, _ summary: String, _ more: [String: String] = [:]
    ) throws -> Route {
      try registrar.read(
        path: "/o/analytics/\(path)", feature: "core", isPure: true, summary: summary,
        parameters: Asked.period(and: more))
    }
    let top = ["limit": "How many.", "filter": "count, sum or duration: this number alone."]
    routes = [
      try read(
        "events", "Events, point by point of a period, or by the values of a segment.",
        Self.keyParameters): .series,
      try read("events/overview", "All events of a period, compared with the one before."):
        .overview,
      try read("events/top", "The most frequent events of a period.", top): .top,
      try registrar.read(
        method: "top_events", feature: "core", isPure: true,
        summary: "The most frequent events of a period.", parameters: Asked.period(and: top)):
        .top,
    ]
  }

  /// Whether the question was one of these.
  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws -> Bool {
    switch routes[request.route] {
    case .series: try writeSeries(request, reply)
    case .overview: try writeOverview(of: try names(request), request, reply)
    case .top: try writeTop(request, reply)
    case nil: return false
    }
    return true
  }

  // MARK: Point by point

  private func writeSeries(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    let segment = request["segmentation"] ?? ""
    if let key = request["event"], !key.isEmpty {
      return try writeSeries(of: key, segment, request, reply)
    }
    guard let list = request["events"], !list.isEmpty else {
      return reply.refuse(400, "Must provide event or events")
    }
    guard let keys = Self.keys(list) else {
      return reply.refuse(400, "Must provide valid array with event keys as events param.")
    }
    reply.write("{")
    for (place, key) in keys.prefix(Self.eventsMax).enumerated() {
      if place > 0 { reply.write(",") }
      reply.string(key)
      reply.write(":")
      try Text.with(key) { try writeSeries(of: $0, segment, request, reply) }
    }
    reply.write("}")
  }

  private func writeSeries(
    of key: Text, _ segment: Text, _ request: borrowing Request, _ reply: borrowing Reply
  ) throws {
    var isFirst = true
    reply.write("[")
    func write(_ line: Total) -> Bool {
      reply.write(isFirst ? "{\"_id\":" : ",{\"_id\":")
      isFirst = false
      reply.string(line.name)
      for (place, name) in ["c", "s", "dur"].enumerated() {
        reply.write(",\"")
        Text.with(name) { reply.write($0) }
        reply.write("\":")
        reply.number(Self.number(line, place))
      }
      reply.write("}")
      return true
    }
    if segment.isEmpty || segment == "no-segment" {
      try request.ticks(Question(events, subject: key), write)
    } else {
      try TextBuffer.with(capacity: segment.count) { room in
        let question = Question(events, subject: key, dimension: room.cleanedName(segment))
        try request.totals(question, write)
      }
    }
    reply.write("]")
  }

  private static func number(_ line: Total, _ place: Int) -> Double {
    place == count ? Double(line[place]) : Double(line[place]) / unitsPerOne
  }

  /// Keys of events: texts, or objects that have them as `key`.
  static func keys(_ list: Text) -> [String]? {
    guard case .list(let values)? = JSONReader.parse(list) else { return nil }
    let keys = values.compactMap { value -> String? in
      switch value {
      case .text(let key): key
      case .object(let members):
        if case .text(let key)? = members.first(where: { $0.name == "key" })?.value {
          key
        } else {
          nil
        }
      default: nil
      }
    }
    return keys.count == values.count ? keys : nil
  }

  // MARK: Overviews

  /// `{"<key>":{"data":{"count":…,"sum":…,"dur":…}}}`, each number with the one before and the
  /// points between.
  func writeOverview(
    of keys: [String], _ request: borrowing Request, _ reply: borrowing Reply
  ) throws {
    reply.write("{")
    for (place, key) in keys.prefix(Self.eventsMax).enumerated() {
      if place > 0 { reply.write(",") }
      reply.string(key)
      reply.write(":{\"data\":{")
      try Text.with(key) { try writeNumbers(of: $0, request, reply) }
      reply.write("}}")
    }
    reply.write("}")
  }

  private func writeNumbers(
    of key: Text, _ request: borrowing Request, _ reply: borrowing Reply
  ) throws {
    var (now, old) = ([0.0, 0, 0], [0.0, 0, 0])
    var points: [[Double]] = [[], [], []]
    try request.totals(Question(events, subject: key)) { total in
      for place in now.indices { now[place] = Self.number(total, place) }
      return true
    }
    try request.totals(Question(events, subject: key, before: true)) { total in
      for place in old.indices { old[place] = Self.number(total, place) }
      return true
    }
    try request.ticks(Question(events, subject: key)) { tick in
      for place in points.indices { points[place].append(Self.number(tick, place)) }
      return true
    }
    for (place, name) in ["count", "sum", "dur"].enumerated() {
      if place > 0 { reply.write(",") }
      reply.string(name)
      reply.write(":{\"total\":")
      reply.number(now[place])
      reply.write(",\"prev-total\":")
      reply.number(old[place])
      reply.write(Change(now[place], before: old[place]))
      reply.write(",\"sparkline\":[")
      reply.numbers(points[place])
      reply.write("]}")
    }
  }

  private func names(_ request: borrowing Request) throws -> [String] {
    var names: [String] = []
    try request.names(events) { key in
      if !key.hasPrefix(EventAnswers.hidden) { names.append(String(key)) }
      return true
    }
    return names
  }

  // MARK: The largest

  private func writeTop(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    let now = try TopEvents(request, events)
    guard !now.rows.isEmpty else { return reply.write("false") }
    let limit = request["limit"].flatMap { Int(String($0)) } ?? Self.topStandard
    let old = try TopEvents(request, events, before: true)
    let filter = request["filter"].map { String($0) } ?? ""
    let shown = max(0, min(limit, Self.eventsMax))
    guard let place = ["count", "sum", "duration"].firstIndex(of: filter) else {
      return now.write(first: shown, comparedWith: old, request, to: reply)
    }
    now.write(first: shown, by: place, named: filter, comparedWith: old, to: reply)
  }
}
