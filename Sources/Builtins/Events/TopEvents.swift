import PluginKit

/// The events of a period, those first that happened most often.
struct TopEvents {
  struct Row {
    let name: String
    /// How often, their sum and their seconds.
    let numbers: [Double]
  }

  private static let names = ["count", "sum", "duration"]
  private static let unitsPerOne = 100_000.0

  private(set) var rows: [Row] = []

  init(_ request: borrowing Request, _ events: Metric, before: Bool = false) throws {
    try request.totals(Question(events, bySubject: true, before: before)) { total in
      guard !total.name.hasPrefix(EventAnswers.hidden) else { return true }
      rows.append(
        Row(
          name: String(total.name),
          numbers: [
            Double(total[0]), Double(total[1]) / Self.unitsPerOne,
            Double(total[2]) / Self.unitsPerOne,
          ]))
      return true
    }
  }

  private func total(_ place: Int) -> Double { rows.reduce(0) { $0 + $1.numbers[place] } }

  /// All numbers of each, and the totals of all with those of the period before.
  func write(
    first limit: Int, comparedWith old: TopEvents, _ request: borrowing Request,
    to reply: borrowing Reply
  ) {
    reply.write("{\"_id\":")
    reply.string(request.appID)
    reply.write(",\"app_id\":")
    reply.string(request.appID)
    reply.write(",\"ts\":")
    reply.number(request.nowMs)
    reply.write(",\"period\":")
    reply.string(request["period"] ?? "30days")
    reply.write(",\"data\":[")
    for (index, row) in rows.prefix(limit).enumerated() {
      reply.write(index == 0 ? "{\"name\":" : ",{\"name\":")
      reply.string(row.name)
      for (place, name) in Self.names.enumerated() {
        member(name, row.numbers[place], reply)
      }
      reply.write("}")
    }
    reply.write("]")
    for (place, name) in ["Count", "Sum", "Duration"].enumerated() {
      member("total\(name)", total(place), reply)
      member("prevTotal\(name)", old.total(place), reply)
    }
    reply.write("}")
  }

  /// One number of each, compared with the period before.
  func write(
    first limit: Int, by place: Int, named name: String, comparedWith old: TopEvents,
    to reply: borrowing Reply
  ) {
    let before = Dictionary(old.rows.map { ($0.name, $0.numbers[place]) }) { first, _ in first }
    let sorted = rows.enumerated().sorted {
      let (left, right) = ($0.element.numbers[place], $1.element.numbers[place])
      return left == right ? $0.offset < $1.offset : left > right
    }.prefix(limit).map(\.element)
    reply.write("{\"data\":[")
    for (index, row) in sorted.enumerated() {
      reply.write(index == 0 ? "{\"name\":" : ",{\"name\":")
      reply.string(row.name)
      member(name, row.numbers[place], reply)
      reply.write(Change(row.numbers[place], before: before[row.name] ?? 0))
      reply.write("}")
    }
    reply.write("],\"totalCount\":")
    reply.number(total(place))
    reply.write("}")
  }

  private func member(_ name: String, _ number: Double, _ reply: borrowing Reply) {
    reply.write(",")
    reply.string(name)
    reply.write(":")
    reply.number(number)
  }
}
