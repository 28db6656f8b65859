extension Snapshot {
  /// The points of a chart over the period, in order, also those where nothing was counted: of a
  /// subject's total, or of one value of a dimension. A line's name is `2025-3-14 9`, `2025-3-14` or
  /// `2025-3`. Values are not kept by the hour; of these, a day is one point.
  package func ticks(
    _ metric: MetricDefinition, app: UInt32, subject: String = "", dimension: String? = nil,
    value: String? = nil, period: Period
  ) throws -> [SeriesTotal] {
    let query = SeriesQuery(transaction, app: app, metric: metric.storedName, subject: subject)
    let series =
      if let dimension {
        try query.values(of: dimension, years: period.currentYears, only: value).first?.series
      } else { try query.total() }
    let ticks = Ticks(period, hasHours: dimension == nil)
    var found = [[Int64]](
      repeating: [Int64](repeating: 0, count: metric.measures.count), count: ticks.buckets.count)
    if let series {
      let columns = metric.measures.indices.map { "m\($0)" }.joined(separator: ", ")
      let sql = """
        SELECT bucket, \(columns) FROM counter
        WHERE series = ? AND grain = ? AND bucket BETWEEN ? AND ?
        """
      try ReadStatement(transaction, sql).forEach(
        series: series, grain: ticks.grain, buckets: ticks.bounds
      ) { row in
        let place = ticks.place(of: Int32(truncatingIfNeeded: row.integer(0)))
        for measure in metric.measures.indices { found[place][measure] = row.integer(measure + 1) }
      }
    }
    return zip(ticks.buckets, found).map {
      SeriesTotal(name: ticks.name(of: $0), measures: $1, accuracy: .exact)
    }
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
    if grain == .month { return "\(bucket / 100)-\(bucket % 100)" }
    let date = CivilDate(day: grain == .hour ? Grain.day(ofHour: bucket) : bucket)
    let day = "\(date.year)-\(date.month)-\(date.day)"
    return grain == .hour ? "\(day) \(bucket - date.ordinal * Grain.hoursPerDay)" : day
  }
}
