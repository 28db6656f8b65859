import Foundation
import Testing

@testable import Store

/// Random counters against a recount that holds plain lists and shares no code with the renderer.
@Suite("Documents against a naive recount")
struct DocumentPropertyTests {
  private let metric = ExampleMetrics.users

  private struct Counter {
    var dimension: String
    var value: String
    var day: Int32
    var hour: Int32
    var measures: [Int64]
  }

  @Test("Every sum in a document is the sum of the counters below it", arguments: UInt64(1)...12)
  func sums(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let counters = makeCounters(&random)
    let fixture = try ReadingFixture()
    try insert(counters, into: fixture)
    let period = Period.at("2025-02-10", "\(1 + random.next() % 90)days")
    let bytes = try fixture.read { try $0.document(metric, app: 1, period: period) }
    let parsed = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
    var found = flattened(try #require(parsed), path: "").filter { !$0.key.hasPrefix("/meta") }
    let expected = recount(counters, days: period.monthDays)
    for (path, value) in expected { #expect(found.removeValue(forKey: path) == value, "\(path)") }
    #expect(found == [:])
  }

  private func makeCounters(_ random: inout SplitMix) -> [Counter] {
    let lines =
      [("", "")] + (0..<5).map { ("cc", "C\($0)") } + (0..<3).map { ("f", "\($0)") }
      + [("ds", "4")]
    let first = ordinal("2024-10-15")
    return (0..<300).map { _ in
      let line = lines[Int(random.next() % UInt64(lines.count))]
      // Small numbers, negative ones and zeros among them.
      let measures = (0..<5).map { _ in Int64(random.next() % 9) - 2 }
      return Counter(
        dimension: line.0, value: line.1, day: first + Int32(random.next() % 130),
        hour: Int32(random.next() % 24), measures: measures)
    }
  }

  private func insert(_ counters: [Counter], into fixture: ReadingFixture) throws {
    var rows: [String: (series: Int64, grain: Grain, bucket: Int32, measures: [Int64])] = [:]
    var series: [String: Int64] = [:]
    for counter in counters {
      let name = counter.dimension + "/" + counter.value
      let known =
        try series[name]
        ?? fixture.series(
          metric, dimension: counter.dimension, value: counter.value, years: [2024, 2025])
      series[name] = known
      for (grain, bucket, measures) in buckets(of: counter) {
        let key = "\(known) \(grain) \(bucket)"
        let before = rows[key]?.measures ?? [0, 0, 0, 0, 0]
        rows[key] = (known, grain, bucket, zip(before, measures).map(+))
      }
    }
    for row in rows.values { try fixture.counter(row.series, row.grain, row.bucket, row.measures) }
  }

  /// What a writer stores of a counter: everything by day, the total by hour too, uniques in all
  /// grains of days.
  private func buckets(of counter: Counter) -> [(Grain, Int32, [Int64])] {
    let isHistogram = ["f", "ds"].contains(counter.dimension)
    let stored =
      counter.dimension.isEmpty
      ? counter.measures
      : isHistogram ? [counter.measures[0], 0, 0, 0, 0] : Array(counter.measures[0..<3]) + [0, 0]
    let uniques = [isHistogram ? stored[0] : 0, 0, stored[2], 0, 0]
    var buckets: [(Grain, Int32, [Int64])] = [(.day, counter.day, stored)]
    if counter.dimension.isEmpty {
      buckets.append((.hour, counter.day * 24 + counter.hour, stored))
    }
    for grain in [Grain.week, .month, .year] {
      buckets.append((grain, grain.bucket(ofDay: counter.day), uniques))
    }
    return buckets
  }

  /// Path → number, as the document must have it.
  private func recount(_ counters: [Counter], days: Range<Int32>) -> [String: Int64] {
    var found: [String: Int64] = [:]
    let names = ["t", "n", "u", "d", "e"]
    for counter in counters {
      let date = CivilDate(day: counter.day)
      let isTotal = counter.dimension.isEmpty
      let isHistogram = ["f", "ds"].contains(counter.dimension)
      let infix = isTotal ? "" : isHistogram ? "/\(counter.dimension)" : "/\(counter.value)"
      let year = "/\(date.year)"
      let month = "\(year)/\(date.month)"
      let day = "\(month)/\(date.day)"
      let isRead = days.contains(counter.day)
      var additive = isRead ? [year, month, day] : []
      if isRead && isTotal { additive.append("\(day)/\(counter.hour)") }
      let week = "\(year)/w\((date.dayOfYear + 6) / 7)"
      let weeks = weekNumbers(days)
      let isWeekRead = weeks.contains(date.year * 100 + (date.dayOfYear + 6) / 7)
      for measure in 0..<(isTotal ? 5 : isHistogram ? 1 : 3) {
        let name = isHistogram ? counter.value : names[measure]
        var levels = additive
        if measure == 2 { levels = (isRead ? [month, day] : []) + [year] }
        if measure == 2 && isRead && isTotal { levels.append("\(day)/\(counter.hour)") }
        if (measure == 2 || isHistogram) && isWeekRead { levels.append(week) }
        for level in levels {
          found["\(level)\(infix)/\(name)", default: 0] += counter.measures[measure]
        }
      }
    }
    return found.filter { path, value in
      value != 0 && years(days).contains { path.hasPrefix("/\($0)/") }
    }
  }

  private func weekNumbers(_ days: Range<Int32>) -> Set<Int32> {
    Set(days.map { CivilDate(day: $0) }.map { $0.year * 100 + ($0.dayOfYear + 6) / 7 })
  }

  private func years(_ days: Range<Int32>) -> Set<Int32> {
    Set(days.map { CivilDate(day: $0).year })
  }

  private func flattened(_ object: [String: Any], path: String) -> [String: Int64] {
    var found: [String: Int64] = [:]
    for (key, value) in object {
      if let nested = value as? [String: Any] {
        found.merge(flattened(nested, path: "\(path)/\(key)")) { left, _ in left }
      } else if let number = value as? NSNumber {
        found["\(path)/\(key)"] = number.int64Value
      }
    }
    return found
  }
}
