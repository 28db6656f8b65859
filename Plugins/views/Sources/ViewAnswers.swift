import PluginKit

/// The questions about views, as the dashboard and Countly's clients ask them.
struct ViewAnswers: Sendable {
  static let methods = ["views", "get_view_segments"]
  static let parameters = [
    "period": "30days, 7days, hour, …", "action": "getTable, getTotals, get_view_count, listNames.",
    "selectedViews": "A JSON array of ids.", "segment": "A segment.",
    "sSearch": "A part of a name.", "iDisplayStart": "Lines left out.",
    "iDisplayLength": "Lines shown.", "iSortCol_0": "The column to sort by.",
    "sSortDir_0": "asc or desc.", "sEcho": "Given back.",
  ]
  /// Names that one list holds.
  private static let namesMax = 10_000

  let counters: ViewCounters

  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    if request["method"] == "get_view_segments" { return try segments(request, reply) }
    switch request["action"].map({ String($0) }) ?? "" {
    case "getTable": try ViewTable(counters, request).write(request, reply)
    case "getTotals": try totals(request, reply)
    case "get_view_count": try count(request, reply)
    case "getTableNames", "listNames": try names(request, reply)
    case "": try graph(request, reply)
    default: reply.refuse(400, "Invalid action")
    }
  }

  // MARK: The counters of single views

  /// The time document of each selected view.
  private func graph(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    let segment = request["segment"] ?? ""
    reply.write("{\"appID\":")
    reply.string(request.appID)
    reply.write(",\"data\":{")
    for (place, id) in Self.ids(in: request["selectedViews"] ?? "").enumerated() {
      if place > 0 { reply.write(",") }
      try graph(of: id, segment, request, reply)
    }
    reply.write("}}")
  }

  private func graph(
    of id: Text, _ segment: Text, _ request: borrowing Request, _ reply: borrowing Reply
  ) throws {
    reply.string(id)
    reply.write(":{")
    reply.string(segment.isEmpty ? "no-segment" : segment)
    reply.write(":")
    try request.document(Question(counters.views, subject: id, dimension: segment))
    reply.write("},")
    reply.string(String(id) + "_name")
    reply.write(":")
    reply.string(try request.get(counters.names, key: id).flatMap { ViewDocument($0)?.name } ?? id)
  }

  /// The ids a list like `[{"view":"8f0c…","action":"t"}]` names: its texts of 16 hexadecimal
  /// digits.
  static func ids(in list: Text) -> [Text] {
    var ids: [Text] = []
    var rest = list
    while let quote = rest.firstIndex(of: UInt8(ascii: "\"")) {
      rest = rest.dropFirst(quote + 1)
      let end = rest.firstIndex(of: UInt8(ascii: "\"")) ?? rest.count
      let text = rest.prefix(end)
      if text.isViewID { ids.append(text) }
      rest = rest.dropFirst(end + 1)
    }
    return ids
  }

  // MARK: All views

  private func totals(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    var sums = [Int64](repeating: 0, count: ViewMeasure.allCases.count)
    try request.totals(Question(counters.views, bySubject: true)) { line in
      for measure in sums.indices { sums[measure] += line[measure] }
      return true
    }
    reply.write("{\"_id\":null")
    for measure in [ViewMeasure.visits, .starts, .bounces, .sessions] {
      reply.write(",")
      reply.string(measure.name)
      reply.write(":")
      reply.number(sums[measure.rawValue])
    }
    reply.write("}")
  }

  private func count(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    var count: Int64 = 0
    try request.list(counters.names) { _ in
      count += 1
      return true
    }
    reply.write("{\"result\":")
    reply.number(count)
    reply.write("}")
  }

  private func names(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    var written = 0
    reply.write("[")
    try request.list(counters.names) { entry in
      guard let document = ViewDocument(entry.document) else { return true }
      if written > 0 { reply.write(",") }
      written += 1
      reply.write("{")
      reply.name(entry.key, document.name)
      reply.write("}")
      return written < Self.namesMax
    }
    reply.write("]")
  }

  private func segments(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    var values: [String] = []
    let question = Question(counters.platforms, dimension: ViewCounters.platform)
    try request.totals(question) { line in
      values.append(String(line.name))
      return true
    }
    reply.write(values.isEmpty ? "{\"segments\":{" : "{\"segments\":{\"platform\":[")
    for (place, value) in values.enumerated() {
      if place > 0 { reply.write(",") }
      reply.string(value)
    }
    reply.write(values.isEmpty ? "},\"domains\":[]}" : "]},\"domains\":[]}")
  }
}

extension Reply {
  /// The members that say which view a line is about.
  func name(_ id: Text, _ name: Text) {
    write("\"_id\":")
    string(id)
    write(",\"view\":")
    string(name)
    write(",\"display\":")
    string(name)
  }
}

extension Text {
  fileprivate var isViewID: Bool {
    count == 16 && bytes.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }
  }
}
