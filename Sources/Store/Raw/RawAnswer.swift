/// What a query over raw items found.
package struct RawAnswer: Codable, Equatable, Sendable {
  /// Why it is not about everything that was asked for.
  package enum Cut: String, Codable, Sendable {
    /// Older items were not looked at.
    case items
    /// Newer items were not looked at.
    case time
    /// Rows of further groups are in one under `otherName`.
    case groups
    /// Different users are more than those.
    case users
  }

  /// The rows of one bucket that agree in the group's fields.
  package struct Group: Codable, Equatable, Sendable {
    /// The hour, the day, the Monday of the week, or the month.
    package let bucket: String?
    package let group: [String]
    /// In the order of the measures; nil where no row had a number.
    package let values: [Double?]

    package init(bucket: String?, group: [String], values: [Double?]) {
      self.bucket = bucket
      self.group = group
      self.values = values
    }
  }

  package static let otherName = "[CLY]_other"

  /// By bucket, the largest first measure first.
  package internal(set) var groups: [Group] = []
  /// Items of the app that were looked at.
  package internal(set) var scanned = 0
  /// Rows that were counted.
  package internal(set) var matched = 0
  package internal(set) var cuts: [Cut] = []
}

/// Adds up rows. A value without I/O.
struct RawQueryRun {
  private struct Key: Hashable {
    let bucket: String?
    let group: [String]
  }

  private struct Sums {
    var count = 0
    var users: Set<UInt64> = []
    /// By measure: how many numbers, and what came of them.
    var numbers: [Int]
    var totals: [Int64]
  }

  private let query: RawQuery
  private let filters: [(filter: RawQuery.Filter, field: Int)]
  private let groupFields: [Int]
  private let measureFields: [Int?]
  private let wantsUsers: Bool
  private var groups: [Key: Sums] = [:]
  private var users = 0
  private(set) var answer = RawAnswer()

  init(_ query: RawQuery) {
    self.query = query
    let fields = query.fields
    func place(_ name: String) -> Int { fields.firstIndex(of: name) ?? 0 }
    filters = query.filters.map { ($0, place($0.field)) }
    groupFields = query.groups.map(place)
    measureFields = query.measures.map { $0.field.map(place) }
    wantsUsers = query.measures.contains { $0.kind == .users }
  }

  mutating func scan(_ items: Int) { answer.scanned += items }

  mutating func cut(_ cut: RawAnswer.Cut) {
    if !answer.cuts.contains(cut) { answer.cuts.append(cut) }
  }

  mutating func add(_ row: RawRow) {
    guard row.timestampMs >= query.fromMs, row.timestampMs < query.toMs,
      filters.allSatisfy({ Self.passes(row.values[$0.field], $0.filter) })
    else { return }
    answer.matched += 1
    var key = Key(
      bucket: query.bucket.map { Self.label($0, hour: row.hour) },
      group: groupFields.map { Self.name(row.values[$0]) })
    if groups[key] == nil, groups.count >= RawQueryLimits.groupsMax {
      cut(.groups)
      key = Key(bucket: nil, group: groupFields.map { _ in RawAnswer.otherName })
    }
    let empty = Sums(
      numbers: measureFields.map { _ in 0 }, totals: measureFields.map { _ in 0 })
    var sums = groups.removeValue(forKey: key) ?? empty
    add(row, to: &sums)
    groups[key] = sums
  }

  private mutating func add(_ row: RawRow, to sums: inout Sums) {
    sums.count += 1
    if wantsUsers, row.user != RawRow.nobody, !sums.users.contains(row.user) {
      if users < RawQueryLimits.usersMax {
        sums.users.insert(row.user)
        users += 1
      } else {
        cut(.users)
      }
    }
    for (place, field) in measureFields.enumerated() {
      guard let field, let units = row.values[field]?.units else { continue }
      let old = sums.totals[place]
      switch query.measures[place].kind {
      case .sum, .average:
        let (sum, overflow) = old.addingReportingOverflow(units)
        sums.totals[place] = overflow ? (units < 0 ? .min : .max) : sum
      case .min: sums.totals[place] = sums.numbers[place] == 0 ? units : min(old, units)
      case .max: sums.totals[place] = sums.numbers[place] == 0 ? units : max(old, units)
      case .count, .users: continue
      }
      sums.numbers[place] += 1
    }
  }

  // MARK: One row

  private static func passes(_ value: RawValue?, _ filter: RawQuery.Filter) -> Bool {
    if let exists = filter.exists, exists != (value != nil) { return false }
    if let texts = filter.oneOf, !(value.map { texts.contains($0.text) } ?? false) { return false }
    if let texts = filter.noneOf, value.map({ texts.contains($0.text) }) ?? false { return false }
    guard filter.atLeast != nil || filter.atMost != nil else { return true }
    guard let units = value?.units else { return false }
    let number = Double(units) / RawValue.unitsPerOne
    return number >= filter.atLeast ?? -.infinity && number <= filter.atMost ?? .infinity
  }

  private static func name(_ value: RawValue?) -> String {
    guard let text = value?.text else { return "" }
    guard text.utf8.count > RawQueryLimits.textBytesMax else { return text }
    return String(decoding: text.utf8.prefix(RawQueryLimits.textBytesMax), as: UTF8.self)
  }

  private static func label(_ bucket: RawQuery.Bucket, hour: Int32) -> String {
    let day = hour >= 0 ? hour / 24 : (hour - 23) / 24
    func two(_ number: Int32) -> String { (number < 10 ? "0" : "") + "\(number)" }
    func text(_ day: Int32) -> String {
      let date = CivilDate(day: day)
      return "\(date.year)-\(two(date.month))-\(two(date.day))"
    }
    switch bucket {
    case .hour: return text(day) + "T" + two(hour - day * 24)
    case .day: return text(day)
    // 1970-01-01 was a Thursday.
    case .week: return text(day - ((day + 3) % 7 + 7) % 7)
    case .month: return String(text(day).dropLast(3))
    }
  }

  // MARK: The answer

  func finished() -> RawAnswer {
    var answer = answer
    answer.groups = groups.map { key, sums in
      RawAnswer.Group(bucket: key.bucket, group: key.group, values: values(sums))
    }
    answer.groups.sort { one, other in
      let (first, second) = (one.values.first ?? 0, other.values.first ?? 0)
      return (one.bucket ?? "~", -(first ?? 0), one.group.joined(separator: "\0"))
        < (other.bucket ?? "~", -(second ?? 0), other.group.joined(separator: "\0"))
    }
    return answer
  }

  private func values(_ sums: Sums) -> [Double?] {
    query.measures.enumerated().map { place, measure in
      let total = Double(sums.totals[place]) / RawValue.unitsPerOne
      switch measure.kind {
      case .count: return Double(sums.count)
      case .users: return Double(sums.users.count)
      case .sum: return total
      case .min, .max: return sums.numbers[place] > 0 ? total : nil
      case .average: return sums.numbers[place] > 0 ? total / Double(sums.numbers[place]) : nil
      }
    }
  }
}
