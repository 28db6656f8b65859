import Foundation
import GRDB

@testable import Store

/// A real database with the store's schema, filled by hand: what a reader must make of rows that
/// nobody has counted.
final class ReadingFixture {
  let pool: DatabasePool
  private let directory: URL
  private var nextSeries: Int64 = 1

  init() throws {
    directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("tally-reading-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    pool = try DatabasePool(path: directory.appendingPathComponent("tally.db").path)
    try Schema.migrator.migrate(pool)
  }

  deinit {
    try? pool.close()
    try? FileManager.default.removeItem(at: directory)
  }

  func execute(_ sql: String, _ arguments: StatementArguments = []) throws {
    try pool.write { try $0.execute(sql: sql, arguments: arguments) }
  }

  func read<Value>(_ body: (Snapshot) throws -> Value) throws -> Value {
    try pool.read { try body(Snapshot(ReadTransaction($0, ReadCaches()))) }
  }

  /// A series in order of discovery, with the years in which it has values.
  @discardableResult
  func series(
    app: Int = 1, _ metric: MetricDefinition, subject: String = "", dimension: String = "",
    value: String = "", years: [Int32] = [2025]
  ) throws -> Int64 {
    let id = nextSeries
    nextSeries += 1
    try pool.write { database in
      try database.execute(
        sql: "INSERT INTO series VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [id, app, metric.storedName, subject, dimension, value])
      for year in years {
        try database.execute(
          sql: "INSERT INTO series_year VALUES (?, ?, ?, ?, ?, ?)",
          arguments: [app, metric.storedName, subject, dimension, year, id])
      }
    }
    return id
  }

  func counter(_ series: Int64, _ grain: Grain, _ bucket: Int32, _ measures: [Int64]) throws {
    let columns = measures.indices.map { "m\($0)" }.joined(separator: ", ")
    let values = measures.map(String.init).joined(separator: ", ")
    try execute(
      "INSERT INTO counter(series, grain, bucket, \(columns)) VALUES (?, ?, ?, \(values))",
      [series, grain.rawValue, bucket])
  }

  /// The document of app 1 as text.
  func document(
    _ metric: MetricDefinition, subject: String = "", dimension: String? = nil, period: Period,
    options: DocumentOptions = []
  ) throws -> String {
    let bytes = try read {
      try $0.document(
        metric, app: 1, subject: subject, dimension: dimension, period: period, options: options)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The metrics of the reference's examples.
enum ExampleMetrics {
  private static let additive = Grain.hour.rawValue | Grain.day.rawValue | Grain.month.rawValue
  private static let everywhere = Grain.all
  private static let histogram =
    Grain.day.rawValue | Grain.week.rawValue | Grain.month.rawValue | Grain.year.rawValue

  /// t, n, u, d, e with countries, frequencies and durations.
  static let users = MetricDefinition(
    plugin: "sessions", name: "users",
    measures: [
      Measure(name: "t", kind: .sum, grains: additive),
      Measure(name: "n", kind: .new, grains: additive),
      Measure(name: "u", kind: .unique, grains: everywhere),
      Measure(name: "d", kind: .sum, grains: additive, isOptional: true),
      Measure(name: "e", kind: .sum, grains: additive),
    ],
    dimensions: [
      Dimension(name: "cc", meta: "countries", valueLimit: 300, measures: 0b111),
      Dimension(
        name: "f", meta: "f-ranges", style: .histogram, valueLimit: 20, measures: 1,
        grains: histogram),
      Dimension(
        name: "ds", meta: "d-ranges", style: .histogram, valueLimit: 20, measures: 1,
        grains: histogram),
    ])

  /// c, s, dur with any segments.
  static let events = MetricDefinition(
    plugin: "events", name: "events",
    measures: [
      Measure(name: "c", kind: .sum, grains: additive),
      Measure(name: "s", kind: .sum, grains: additive, scale: 5, isOptional: true),
      Measure(name: "dur", kind: .sum, grains: additive, scale: 5, isOptional: true),
    ], subjectLimit: 500, dimensionLimit: 100, valueLimit: 1_000)

  /// Weeks from Monday to Sunday.
  static let views = MetricDefinition(
    plugin: "views", name: "views",
    measures: [
      Measure(name: "t", kind: .sum, grains: additive),
      Measure(
        name: "u", kind: .unique,
        grains: Grain.day.rawValue | Grain.isoWeek.rawValue | Grain.month.rawValue
          | Grain.year.rawValue),
    ],
    dimensions: [Dimension(name: "platform", meta: "platforms", valueLimit: 10)],
    subjectLimit: 50_000, dimensionLimit: 100, valueLimit: 10)
}

extension Period {
  /// A period at noon of a day, in UTC.
  static func at(_ date: String, _ text: String) -> Period {
    Period(text: text, nowMs: milliseconds(date, hour: 12), calendar: .utc)
  }
}
