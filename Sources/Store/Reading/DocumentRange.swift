/// The buckets a document returns, and their places in its arrays.
///
/// A document holds whole months: all that the current or the previous period touches, and the
/// weeks that those months touch. Years are those of the months, and of ISO weeks that reach over
/// new year. The year's uniques and its lists in `meta` are of the whole year, as they are stored;
/// everything additive is the sum of what is returned.
struct DocumentRange {
  let days: Range<Int32>
  let weekGrain: Grain

  init(_ period: Period, weekGrain: Grain, todayOnly: Bool) {
    self.days = todayOnly ? period.today..<period.today + 1 : period.monthDays
    self.weekGrain = weekGrain
  }

  var years: ClosedRange<Int32> {
    let months = bounds(of: .month)
    let weeks = bounds(of: weekGrain)
    return min(months.lowerBound, weeks.lowerBound) / 100...max(months.upperBound, weeks.upperBound)
      / 100
  }

  /// Its months, in order.
  var months: [Int32] {
    var found: [Int32] = []
    var date = CivilDate(day: days.lowerBound).firstOfMonth
    while date.ordinal < days.upperBound {
      found.append(date.year * 100 + date.month)
      date = date.nextMonth
    }
    return found
  }

  /// Its days without those of some months, in order and in as few pieces as there can be.
  func days(without months: some Collection<Int32>) -> [Range<Int32>] {
    if months.isEmpty { return [days] }
    var found: [Range<Int32>] = []
    for month in self.months where !months.contains(month) {
      let first = CivilDate.ordinal(year: month / 100, month: month % 100, day: 1)
      let days = (first..<CivilDate(day: first).nextMonth.ordinal).clamped(to: self.days)
      if let last = found.last, last.upperBound == days.lowerBound {
        found[found.count - 1] = last.lowerBound..<days.upperBound
      } else {
        found.append(days)
      }
    }
    return found
  }

  /// The buckets of a grain that days, or whole months, are made of.
  static func bounds(of grain: Grain, _ days: Range<Int32>) -> ClosedRange<Int32> {
    grain == .hour
      ? days.lowerBound * Grain.hoursPerDay...days.upperBound * Grain.hoursPerDay - 1
      : grain.bucket(ofDay: days.lowerBound)...grain.bucket(ofDay: days.upperBound - 1)
  }

  /// The first and the last bucket of a grain.
  func bounds(of grain: Grain) -> ClosedRange<Int32> {
    grain == .year ? years : Self.bounds(of: grain, days)
  }
}

/// Dense places for the buckets of one grain, from 0.
struct BucketPlaces {
  let grain: Grain
  let bounds: ClosedRange<Int32>

  init(_ grain: Grain, _ range: DocumentRange) {
    self.grain = grain
    self.bounds = range.bounds(of: grain)
  }

  var count: Int { self[bounds.upperBound] + 1 }

  /// Months and weeks are numbered year * 100 + n, and no year has more than 53 of them.
  subscript(bucket: Int32) -> Int {
    switch grain {
    case .month, .week, .isoWeek:
      Int(bucket / 100 - bounds.lowerBound / 100) * 54 + Int(bucket % 100)
    case .hour, .day, .year: Int(bucket - bounds.lowerBound)
    }
  }
}
