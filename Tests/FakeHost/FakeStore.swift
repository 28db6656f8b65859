import PluginABI

/// A line of counters.
package struct FakeSeries: Hashable {
  let app: UInt32
  let metric: String
  let subject: String
  package let dimension: String
  let value: String
}

/// What the fake host remembers: plain dictionaries, copied before each call so that a refused one
/// leaves no trace.
package struct FakeStore {
  package struct Bucket: Hashable {
    package let series: FakeSeries
    package let grain: UInt32
    package let bucket: Int64
  }

  struct Visit: Hashable {
    let user: FakeUser
    let bucket: Bucket
  }

  struct CellKey: Hashable {
    let user: FakeUser
    let plugin: String
  }

  struct DocumentKey: Hashable {
    let plugin: String
    let app: UInt32
    let collection: String
    let key: String
  }

  package var counters: [Bucket: [String: Int64]] = [:]
  var discovered: [FakeSeries] = []
  var visits: Set<Visit> = []
  var cells: [CellKey: [UInt8]] = [:]
  var properties: [CellKey: [String]] = [:]
  var documents: [DocumentKey: [UInt8]] = [:]
  var rows: [(plugin: String, app: UInt32, table: String, key: String, payload: [UInt8])] = []

  static let grains: [UInt32] = [1, 2, 4, 8, 16, 32]

  mutating func discover(_ series: FakeSeries) {
    if !discovered.contains(series) { discovered.append(series) }
  }

  mutating func add(
    _ amount: Int64, to measure: String, of series: FakeSeries, grains: UInt32, hour: Int32
  ) {
    for grain in Self.grains where grains & grain != 0 {
      let bucket = Bucket(
        series: series, grain: grain, bucket: Calendar.bucket(grain, hour: hour))
      counters[bucket, default: [:]][measure, default: 0] += amount
    }
  }

  /// Remembers the user; the grains in which they are new.
  mutating func visit(_ user: FakeUser, _ series: FakeSeries, hour: Int32) -> UInt32 {
    var new: UInt32 = 0
    for grain in Self.grains {
      let bucket = Bucket(
        series: series, grain: grain, bucket: Calendar.bucket(grain, hour: hour))
      if visits.insert(Visit(user: user, bucket: bucket)).inserted { new |= grain }
    }
    return new
  }
}
