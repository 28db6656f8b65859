/// A question about raw items as a value, which each store answers in its own way: rows of an app
/// between two moments, filtered, grouped, and measured.
package struct RawQuery: Codable, Equatable, Sendable {
  /// What one row is.
  package enum Rows: String, Codable, Sendable {
    case items, sessions, events
  }

  /// The stretch of time groups are told apart by, in the app's time zone.
  package enum Bucket: String, Codable, Sendable {
    case hour, day, week, month
  }

  /// What a row must say to be counted; everything that is given must hold.
  package struct Filter: Codable, Equatable, Sendable {
    package let field: String
    /// One of these texts.
    package var oneOf: [String]?
    /// None of these.
    package var noneOf: [String]?
    /// Numbers, both included.
    package var atLeast: Double?
    package var atMost: Double?
    /// Whether the row has the field at all.
    package var exists: Bool?

    enum CodingKeys: String, CodingKey {
      case oneOf = "one_of"
      case noneOf = "none_of"
      case atLeast = "at_least"
      case atMost = "at_most"
      case field, exists
    }
  }

  /// What is told of a group.
  package struct Measure: Codable, Equatable, Sendable {
    /// The ways to measure.
    package enum Kind: String, Codable, Sendable {
      /// Rows.
      case count
      /// Different users.
      case users
      /// Of the numbers a field has.
      case sum, min, max, average
    }

    package let kind: Kind
    /// nil for rows and users.
    package var field: String?
  }

  package var rows = Rows.events
  /// Of event time, the first included and the last not.
  package var fromMs: Int64
  package var toMs: Int64
  package var filters: [Filter] = []
  package var groups: [String] = []
  package var bucket: Bucket?
  package var measures: [Measure] = [Measure(kind: .count)]

  enum CodingKeys: String, CodingKey {
    case fromMs = "from_ms"
    case toMs = "to_ms"
    case filters = "where"
    case groups = "group"
    case rows, bucket, measures
  }

  package init(fromMs: Int64, toMs: Int64) {
    self.fromMs = fromMs
    self.toMs = toMs
  }

  /// What is left out has its default; the times are those of the reader.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    rows = try values.decodeIfPresent(Rows.self, forKey: .rows) ?? .events
    fromMs = try values.decodeIfPresent(Int64.self, forKey: .fromMs) ?? .min
    toMs = try values.decodeIfPresent(Int64.self, forKey: .toMs) ?? .max
    filters = try values.decodeIfPresent([Filter].self, forKey: .filters) ?? []
    groups = try values.decodeIfPresent([String].self, forKey: .groups) ?? []
    bucket = try values.decodeIfPresent(Bucket.self, forKey: .bucket)
    measures =
      try values.decodeIfPresent([Measure].self, forKey: .measures) ?? [Measure(kind: .count)]
  }

  /// Every field it reads, each once.
  package var fields: [String] {
    var found: [String] = []
    for field in filters.map(\.field) + groups + measures.compactMap(\.field)
    where !found.contains(field) { found.append(field) }
    return found
  }

  /// Why it cannot be answered; nil when it can.
  package var fault: String? {
    for (name, count, limit) in [
      ("where", filters.count, RawQueryLimits.filtersMax),
      ("group", groups.count, RawQueryLimits.groupFieldsMax),
      ("measures", measures.count, RawQueryLimits.measuresMax),
    ] where count > limit { return "\(name) has \(count) entries, at most \(limit) are allowed" }
    if measures.isEmpty { return "measures is empty" }
    for filter in filters {
      let count = (filter.oneOf?.count ?? 0) + (filter.noneOf?.count ?? 0)
      if count > RawQueryLimits.filterTextsMax {
        return "where \(filter.field) has more than \(RawQueryLimits.filterTextsMax) texts"
      }
    }
    for measure in measures {
      let needsField = ![.count, .users].contains(measure.kind)
      if needsField != (measure.field != nil) {
        return "measure \(measure.kind.rawValue) \(needsField ? "needs a" : "takes no") field"
      }
    }
    return fromMs < toMs ? nil : "from_ms is not before to_ms"
  }
}

/// The bounds of one query over raw items. Beyond them the answer says what it leaves out.
package enum RawQueryLimits {
  package static let filtersMax = 10
  package static let filterTextsMax = 100
  package static let groupFieldsMax = 3
  package static let measuresMax = 6
  /// Items that are looked at: the newest.
  package static let itemsMax = 5_000_000
  package static let seconds = 20.0
  /// Groups that are told apart.
  package static let groupsMax = 5_000
  /// Different users of all groups together.
  package static let usersMax = 1_000_000
  /// Users for whom others go on: the latest.
  package static let mergesMax = 1_000_000
  /// Bytes of a group's name; the rest is cut.
  package static let textBytesMax = 256
}

/// What a row says in one field: its text, and its number in units of 1e-5 when it is one.
package struct RawValue: Equatable, Sendable {
  package let text: String
  package let units: Int64?

  package static let unitsPerOne: Double = 100_000

  package init(_ text: String) { (self.text, units) = (text, nil) }

  package init(_ number: Int64) {
    let (units, overflow) = number.multipliedReportingOverflow(by: Int64(Self.unitsPerOne))
    self.init(text: "\(number)", units: overflow ? (number < 0 ? .min : .max) : units)
  }

  package init(_ number: Double) {
    let units = (number * Self.unitsPerOne).rounded()
    self.init(
      text: number == number.rounded() && abs(number) < 1e15 ? "\(Int64(number))" : "\(number)",
      units: Int64(exactly: units) ?? (units < 0 ? .min : .max))
  }

  /// A number that is kept in units.
  package init(units: Int64) {
    let whole = units % Int64(Self.unitsPerOne) == 0
    self.init(
      text: whole
        ? "\(units / Int64(Self.unitsPerOne))" : "\(Double(units) / Self.unitsPerOne)",
      units: units)
  }

  private init(text: String, units: Int64?) { (self.text, self.units) = (text, units) }
}

/// A row as a query sees it.
package struct RawRow: Sendable {
  /// Who has no number: what is nobody's counts no user.
  package static var nobody: UInt64 { 0 }

  package let user: UInt64
  package let timestampMs: Int64
  /// Of the app's calendar, since 1970-01-01 00:00.
  package let hour: Int32
  /// In the order of the query's fields; nil where the row has none.
  package let values: [RawValue?]

  package init(user: UInt64, timestampMs: Int64, hour: Int32, values: [RawValue?]) {
    self.user = user
    self.timestampMs = timestampMs
    self.hour = hour
    self.values = values
  }
}

/// Takes raw items of an app apart: what is inside them is not the store's to know.
package protocol RawRows {
  /// Calls `body` with the rows of some items.
  func read(_ items: [RawItem], _ body: (RawRow) throws -> Void) throws
}
