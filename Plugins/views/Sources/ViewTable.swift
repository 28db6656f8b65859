import PluginKit

/// The table of views: one line per view that was seen in the period, in the DataTables protocol.
struct ViewTable {
  /// One view.
  private struct Row {
    let id: String
    let name: String
    let url: String
    let measures: [Int64]
    /// Percent, in units of 1e-5, of all scrolls together.
    let scrolled: Int64

    subscript(measure: ViewMeasure) -> Int64 { measures[measure.rawValue] }

    /// Seconds of a visit, to hundredths.
    var averageSeconds: Double { perVisit(self[.duration]) }

    /// How far a visit scrolled, in percent, to hundredths.
    var averageScroll: Double { perVisit(scrolled) }

    private func perVisit(_ sum: Int64) -> Double {
      let visits = max(self[.visits], 1)
      return Double((sum / 1_000 + visits / 2) / visits) / 100
    }

    /// Percent of the visits.
    var bounceRate: Int64 {
      let visits = max(self[.visits], 1)
      return (max(self[.bounces], 0) * 100 + visits / 2) / visits
    }
  }

  /// A column clients sort by, in their order.
  private enum Column: Int {
    case view, users, newUsers, visits, duration, starts, exits, bounces, bounceRate, scrolled,
      sessions
  }

  private static let pageDefault = 10
  private static let pageMax = 1_000

  private var rows: [Row] = []
  private let total: Int

  /// Reads the lines, keeps those that match the search, and sorts them.
  init(_ counters: ViewCounters, _ request: borrowing Request) throws {
    var names: [String: (name: String, url: String)] = [:]
    try request.list(counters.names) { entry in
      guard let document = ViewDocument(entry.document) else { return true }
      names[String(entry.key)] = (String(document.name), String(document.url))
      return true
    }
    var scrolls: [String: Int64] = [:]
    try request.totals(Question(counters.scrolls, bySubject: true)) { line in
      scrolls[String(line.name)] = line[0]
      return true
    }
    var rows: [Row] = []
    try request.totals(Question(counters.views, bySubject: true)) { line in
      let id = String(line.name)
      let known = names[id] ?? (id, "")
      let measures = ViewMeasure.allCases.map { line[$0.rawValue] }
      rows.append(
        Row(
          id: id, name: known.0, url: known.1, measures: measures, scrolled: scrolls[id] ?? 0))
      return true
    }
    total = rows.count
    let search = String(request["sSearch"] ?? "").lowercased()
    if !search.isEmpty { rows = rows.filter { $0.name.lowercased().contains(search) } }
    if let column = request["iSortCol_0"]?.leadingInt.flatMap({ Column(rawValue: Int($0)) }) {
      rows = Self.sorted(rows, by: column, ascending: request["sSortDir_0"] == "asc")
    }
    self.rows = rows
  }

  private static func sorted(_ rows: [Row], by column: Column, ascending: Bool) -> [Row] {
    if column == .view {
      return rows.sorted { ascending ? $0.name < $1.name : $0.name > $1.name }
    }
    let value: (Row) -> Double = { row in
      switch column {
      case .view: 0
      case .users: Double(row[.users])
      case .newUsers: Double(row[.newUsers])
      case .visits: Double(row[.visits])
      case .duration: row.averageSeconds
      case .starts: Double(row[.starts])
      case .exits: Double(row[.exits])
      case .bounces: Double(row[.bounces])
      case .bounceRate: Double(row.bounceRate)
      case .scrolled: row.averageScroll
      case .sessions: Double(row[.sessions])
      }
    }
    return rows.sorted { ascending ? value($0) < value($1) : value($0) > value($1) }
  }

  /// Writes the page that was asked for.
  func write(_ request: borrowing Request, _ reply: borrowing Reply) {
    let start = Int(max(request["iDisplayStart"]?.leadingInt ?? 0, 0))
    let wanted = Int(request["iDisplayLength"]?.leadingInt ?? Int64(Self.pageDefault))
    let length = wanted <= 0 ? Self.pageMax : min(wanted, Self.pageMax)
    reply.write("{\"sEcho\":")
    reply.string(request["sEcho"] ?? "")
    reply.write(",\"iTotalRecords\":")
    reply.number(Int64(total))
    reply.write(",\"iTotalDisplayRecords\":")
    reply.number(Int64(rows.count))
    reply.write(",\"aaData\":[")
    for (place, row) in rows.dropFirst(start).prefix(length).enumerated() {
      if place > 0 { reply.write(",") }
      write(row, reply)
    }
    reply.write("]}")
  }

  private func write(_ row: Row, _ reply: borrowing Reply) {
    reply.write("{")
    Text.with(row.id) { id in Text.with(row.name) { reply.name(id, $0) } }
    reply.write(",\"url\":")
    reply.string(row.url)
    for measure in ViewMeasure.allCases {
      reply.write(",")
      reply.string(measure.name)
      reply.write(":")
      if measure == .duration {
        reply.number(row.averageSeconds)
      } else {
        reply.number(row[measure])
      }
    }
    reply.write(",\"br\":")
    reply.number(row.bounceRate)
    reply.write(",\"scr\":")
    reply.number(row.averageScroll)
    reply.write("}")
  }
}
