@testable import Store

/// What a store must say, kept in plain dictionaries: the naive counterpart of the working set.
struct WorkingSetModel {
  struct UserKey: Hashable {
    let app: UInt32
    let device: String
  }

  struct CellID: Hashable {
    let user: UserKey
    let plugin: Int
  }

  struct SeenKey: Hashable {
    let user: UserKey
    let series: String
  }

  /// Distinct names per limited place.
  struct Place: Hashable {
    let path: [String]
    let year: Int32
  }

  let metric: MetricDefinition
  var uids: [UserKey: UInt64] = [:]
  var lastUID: [UInt32: UInt64] = [:]
  var cells: [CellID: [UInt8]] = [:]
  var hashes: [UserKey: [UInt64]] = [:]
  var seen: [SeenKey: Set<Int32>] = [:]
  var places: [Place: Set<String>] = [:]
  var counters: [String: [Int64]] = [:]
  var documents: [String: [UInt8]] = [:]
  var rows: [String: [UInt64]] = [:]
  var raw: [UInt64] = []
  var ledger: [String: Int64] = [:]

  init(metric: MetricDefinition) {
    self.metric = metric
  }

  /// uid and whether it is new.
  mutating func user(_ key: UserKey) -> (UInt64, Bool) {
    if let known = uids[key] { return (known, false) }
    let uid = lastUID[key.app, default: 0] + 1
    (lastUID[key.app], uids[key]) = (uid, uid)
    return (uid, true)
  }

  mutating func isDuplicate(_ key: UserKey, _ hash: UInt64) -> Bool {
    if hashes[key, default: []].contains(hash) { return true }
    hashes[key, default: []].append(hash)
    hashes[key] = hashes[key]?.suffix(32)
    return false
  }

  /// The names that count, after the limits.
  mutating func fit(
    app: UInt32, _ subject: String, _ dimension: String, _ value: String, year: Int32
  ) -> [String] {
    let other = MetricDefinition.other
    var names = [subject, dimension, value]
    var level: String?
    if !admits(["\(app)"], names[0], metric.limits.subjects) {
      (names[0], level) = (other, "subject")
    }
    let declared = metric.dimension(named: dimension)
    if declared == nil, !admits(["\(app)", names[0]], names[1], metric.limits.dimensions) {
      (names[1], names[2], level) = (other, other, "dimension")
    }
    let limit = metric.dimension(named: names[1])?.valueLimit ?? metric.limits.values
    let path = ["\(app)", names[0], names[1]]
    if !names[1].isEmpty, !admits(path, names[2], limit, year: year) {
      (names[2], level) = (other, "value")
    }
    if let level { ledger["\(app) limit:\(level)", default: 0] += 1 }
    return names
  }

  private mutating func admits(
    _ path: [String], _ name: String, _ limit: Int, year: Int32 = 0
  ) -> Bool {
    if name.isEmpty || name == MetricDefinition.other { return true }
    let place = Place(path: path, year: year)
    if places[place, default: []].contains(name) { return true }
    guard places[place, default: []].count < limit else { return false }
    places[place, default: []].insert(name)
    return true
  }

  mutating func add(
    app: UInt32, _ names: [String], hour: Int32, _ values: [Int64], _ kinds: [Measure.Kind]
  ) {
    let dimension = names[1].isEmpty ? nil : metric.dimension(named: names[1])
    for grain in Grain.allCases {
      for (place, measure) in metric.measures.enumerated()
      where kinds.contains(measure.kind) && values[place] != 0 {
        let grains =
          dimension == nil && !names[1].isEmpty
          ? metric.grainsOfFurtherDimension(measure: place)
          : metric.grains(measure: place, dimension: dimension)
        guard grains & grain.rawValue != 0 else { continue }
        let bucket = grain.bucket(ofHour: hour)
        let key =
          "\(app) \(metric.storedName) \(names.joined(separator: "/")) \(grain.rawValue) \(bucket)"
        counters[key, default: [Int64](repeating: 0, count: 8)][place] += values[place]
      }
    }
  }

  /// The grains in which the user is new.
  mutating func see(_ key: UserKey, app: UInt32, _ names: [String], hour: Int32) -> UInt32 {
    let seenKey = SeenKey(user: key, series: "\(app) \(names)")
    let known = seen[seenKey, default: []]
    seen[seenKey, default: []].insert(hour)
    return Grain.allCases.reduce(0) { grains, grain in
      let bucket = grain.bucket(ofHour: hour)
      return known.contains { grain.bucket(ofHour: $0) == bucket }
        ? grains : grains | grain.rawValue
    }
  }
}
