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

  /// The first and the last bucket of a grain.
  func bounds(of grain: Grain) -> ClosedRange<Int32> {
    switch grain {
    case .hour: days.lowerBound * Grain.hoursPerDay...days.upperBound * Grain.hoursPerDay - 1
    case .year: years
    default: grain.bucket(ofDay: days.lowerBound)...grain.bucket(ofDay: days.upperBound - 1)
    }
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
