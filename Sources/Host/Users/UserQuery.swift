/// Which users are meant: conditions over their documents, as clients write them:
/// `{"custom.plan":"pro","byear":{"$gt":1980},"$or":[…]}`.
indirect enum UserQuery: Equatable {
  /// Levels of `$and` and `$or`, and conditions of one list.
  static let depthMax = 8
  static let conditionsMax = 100

  enum Comparison: String, CaseIterable {
    case equal = "$eq"
    case unequal = "$ne"
    case greater = "$gt"
    case greaterOrEqual = "$gte"
    case less = "$lt"
    case lessOrEqual = "$lte"
    case among = "$in"
    case notAmong = "$nin"
    case exists = "$exists"
  }

  /// What a query may say; every other name with a `$` is an attempt at something else.
  static let operators = Set(Comparison.allCases.map(\.rawValue) + ["$and", "$or"])

  case all([UserQuery])
  case any([UserQuery])
  case compare(path: String, Comparison, JSONValue)

  /// Why a query cannot be understood.
  struct Refusal: Error {
    let reason: String
  }

  init(_ value: JSONValue, depth: Int = 0) throws(Refusal) {
    guard depth < Self.depthMax, case .object(let members) = value,
      members.count <= Self.conditionsMax
    else {
      throw Refusal(
        reason: "need an object of at most \(Self.conditionsMax) conditions, "
          + "at most \(Self.depthMax) deep")
    }
    var conditions: [UserQuery] = []
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      if name == "$and" || name == "$or" {
        let list = try Self.list(value, name, depth)
        conditions.append(name == "$and" ? .all(list) : .any(list))
      } else if name.hasPrefix("$") {
        throw Refusal(reason: "unknown operator \(name)")
      } else {
        conditions += try Self.comparisons(name, value)
      }
    }
    self = .all(conditions)
  }

  private static func list(
    _ value: JSONValue, _ name: String, _ depth: Int
  ) throws(Refusal) -> [UserQuery] {
    guard case .array(let values) = value, !values.isEmpty, values.count <= conditionsMax else {
      throw Refusal(reason: "\(name) needs an array of 1 to \(conditionsMax) queries")
    }
    var list: [UserQuery] = []
    for value in values { list.append(try UserQuery(value, depth: depth + 1)) }
    return list
  }

  private static func comparisons(
    _ path: String, _ value: JSONValue
  ) throws(Refusal) -> [UserQuery] {
    guard case .object(let members) = value, members.keys.contains(where: { $0.hasPrefix("$") })
    else { return [.compare(path: path, .equal, value)] }
    var list: [UserQuery] = []
    for (name, value) in members.sorted(by: { $0.key < $1.key }) {
      guard let comparison = Comparison(rawValue: name) else {
        throw Refusal(reason: "unknown operator \(name)")
      }
      if comparison == .among || comparison == .notAmong {
        guard case .array(let values) = value, values.count <= conditionsMax else {
          throw Refusal(reason: "\(name) needs an array of at most \(conditionsMax) values")
        }
      }
      list.append(.compare(path: path, comparison, value))
    }
    return list
  }

  // MARK: Judging

  func matches(_ document: JSONValue) -> Bool {
    switch self {
    case .all(let list): list.allSatisfy { $0.matches(document) }
    case .any(let list): list.contains { $0.matches(document) }
    case .compare(let path, let comparison, let value):
      Self.holds(comparison, document.value(at: path), value)
    }
  }

  private static func holds(
    _ comparison: Comparison, _ have: JSONValue?, _ need: JSONValue
  ) -> Bool {
    switch comparison {
    case .equal: isEqual(have, need)
    case .unequal: !isEqual(have, need)
    case .among: need.elements.contains { isEqual(have, $0) }
    case .notAmong: !need.elements.contains { isEqual(have, $0) }
    case .exists: (have != nil) == (need != .bool(false) && need != .number(0))
    case .greater: isOrdered(need, have, orEqual: false)
    case .greaterOrEqual: isOrdered(need, have, orEqual: true)
    case .less: isOrdered(have, need, orEqual: false)
    case .lessOrEqual: isOrdered(have, need, orEqual: true)
    }
  }

  /// An array is equal to what it is, and to each of its elements; null to what is not there.
  private static func isEqual(_ have: JSONValue?, _ need: JSONValue) -> Bool {
    guard let have else { return need == .null }
    if have == need { return true }
    if case .array(let values) = have { return values.contains(need) }
    return false
  }

  private static func isOrdered(
    _ less: JSONValue?, _ more: JSONValue?, orEqual: Bool
  ) -> Bool {
    switch (less, more) {
    case (.number(let less)?, .number(let more)?): orEqual ? less <= more : less < more
    case (.string(let less)?, .string(let more)?): orEqual ? less <= more : less < more
    default: false
    }
  }

  // MARK: Finding

  /// Values one of which a user must have at a path: where a search may begin. Nil when the query
  /// names none.
  var entry: (path: String, values: [JSONValue])? {
    entries.min { Self.rank($0.path) < Self.rank($1.path) }
  }

  private var entries: [(path: String, values: [JSONValue])] {
    switch self {
    case .all(let list): list.flatMap(\.entries)
    case .compare(let path, .equal, let value) where value.isScalar: [(path, [value])]
    case .compare(let path, .among, let value) where value.elements.allSatisfy(\.isScalar):
      [(path, value.elements)]
    case .any, .compare: []
    }
  }

  /// Names of one user come before properties of many.
  private static func rank(_ path: String) -> Int {
    ["uid", "did", "_id"].firstIndex(of: path) ?? 3
  }

  /// Whether it says nothing.
  var isEmpty: Bool { self == .all([]) }
}

extension JSONValue {
  var elements: [JSONValue] { if case .array(let values) = self { values } else { [] } }

  fileprivate var isScalar: Bool {
    switch self {
    case .bool, .number, .string: true
    case .null, .array, .object: false
    }
  }
}
