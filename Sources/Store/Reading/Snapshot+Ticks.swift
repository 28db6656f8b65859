/// The points of a chart over a period, in order, also those where nothing was counted.
package struct Chart: Sendable {
  /// `2025-3-14 9`, `2025-3-14` or `2025-3`.
  package let names: [String]
  private var numbers: [Int64]
  private let width: Int

  fileprivate init(names: [String], width: Int) {
    self.names = names
    self.width = width
    numbers = [Int64](repeating: 0, count: names.count * width)
  }

  fileprivate mutating func set(_ point: Int, _ measure: Int, _ number: Int64) {
    numbers[point * width + measure] = number
  }

  /// Calls `visit` with the name of each point and its measures by their place, until it returns
  /// false. Decimals are in the units of their scale.
  package func forEach(
    _ visit: (String, UnsafeBufferPointer<Int64>) throws -> Bool
  ) rethrows {
    try numbers.withUnsafeBufferPointer { numbers in
      for (point, name) in names.enumerated() {
        let measures = numbers[point * width..<(point + 1) * width]
        guard try visit(name, UnsafeBufferPointer(rebasing: measures)) else { return }
      }
    }
  }
}

extension Snapshot {
  /// The chart of a subject's total, or of one value of a dimension. Values are not kept by the
  /// hour; of these, a day is one point.
  package func chart(
    _ metric: MetricDefinition, app: UInt32, subject: String = "", dimension: String? = nil,
    value: String? = nil, period: Period
  ) throws -> Chart {
    let query = SeriesQuery(transaction, app: app, metric: metric.storedName, subject: subject)
    let series =
      if let dimension {
        try query.values(of: dimension, years: period.currentYears, only: value).first?.series
      } else { try query.total() }
    let ticks = Ticks(period, hasHours: dimension == nil)
    var chart = Chart(names: ticks.buckets.map(ticks.name), width: metric.measures.count)
    guard let series else { return chart }
    let columns = metric.measures.indices.map { "m\($0)" }.joined(separator: ", ")
    let sql = """
      SELECT bucket, \(columns) FROM counter
      WHERE series = ? AND grain = ? AND bucket BETWEEN ? AND ?
      """
    try ReadStatement(transaction, sql).forEach(
      series: series, grain: ticks.grain, buckets: ticks.bounds
    ) { row in
      let point = ticks.place(of: Int32(truncatingIfNeeded: row.integer(0)))
      for measure in metric.measures.indices { chart.set(point, measure, row.integer(measure + 1)) }
    }
    return chart
  }
}

/// The points of a chart over a period.
private struct Ticks {
  /// Days that are shown one by one; a longer period is shown by months.
  private static let daysMax = 1_100

  let grain: Grain
  /// In order, without gaps.
  let buckets: [Int32]

  init(_ period: Period, hasHours: Bool) {
    let days = period.days
    if period.tick == .month || days.count > Self.daysMax {
      grain = .month
      var months: [Int32] = []
      var date = CivilDate(day: days.lowerBound).firstOfMonth
      while date.ordinal < days.upperBound {
        months.append(date.year * 100 + date.month)
        date = date.nextMonth
      }
      buckets = months
    } else if period.tick == .hour, hasHours {
      grain = .hour
      buckets = Array(
        days.lowerBound * Grain.hoursPerDay..<days.upperBound * Grain.hoursPerDay)
    } else {
      grain = .day
      buckets = Array(days)
    }
  }

  /// A period has at least one day, and so one point.
  var bounds: ClosedRange<Int32> { buckets[0]...buckets[buckets.count - 1] }

  func place(of bucket: Int32) -> Int {
    guard grain == .month else { return Int(bucket - buckets[0]) }
    let months = (bucket / 100 - buckets[0] / 100) * 12 + bucket % 100 - buckets[0] % 100
    return Int(months)
  }

  func name(of bucket: Int32) -> String {
    if grain == .month { return Self.name(year: bucket / 100, month: bucket % 100) }
    let date = CivilDate(day: grain == .hour ? Grain.day(ofHour: bucket) : bucket)
    let hour = grain == .hour ? bucket - date.ordinal * Grain.hoursPerDay : nil
    return Self.name(year: date.year, month: date.month, day: date.day, hour: hour)
  }

  /// Written digit by digit: an answer may have ten thousand names, of which interpolation would be
  /// the larger part.
  private static func name(
    year: Int32, month: Int32, day: Int32? = nil, hour: Int32? = nil
  ) -> String {
    String(unsafeUninitializedCapacity: 24) { room in
      var count = 0
      func append(_ number: Int32) {
        if number > 9 { append(number / 10) }
        room[count] = UInt8(ascii: "0") + UInt8(number % 10)
        count += 1
      }
      func append(_ separator: UInt8, _ number: Int32) {
        room[count] = separator
        count += 1
        append(number)
      }
      append(year)
      append(UInt8(ascii: "-"), month)
      if let day { append(UInt8(ascii: "-"), day) }
      if let hour { append(UInt8(ascii: " "), hour) }
      return count
    }
  }
}
