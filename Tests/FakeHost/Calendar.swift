import PluginABI

/// Buckets of the proleptic Gregorian calendar in UTC, for apps of a test.
package enum Calendar {
  package static func hour(ofMs ms: Int64) -> Int32 { Int32(floor(ms, by: 3_600_000)) }

  /// The bucket of a grain that holds an hour, in the numbers the store uses.
  package static func bucket(_ grain: UInt32, hour: Int32) -> Int64 {
    let day = floor(Int64(hour), by: 24)
    switch grain {
    case TALLY_GRAIN_HOUR: return Int64(hour)
    case TALLY_GRAIN_DAY: return day
    case TALLY_GRAIN_ISO_WEEK:
      // The ISO week belongs to the year of its Thursday.
      let thursday = day - (day + 3).modulo(7) + 3
      let year = civil(thursday).year
      return year * 100 + (thursday - firstDay(of: year)) / 7 + 1
    default:
      let (year, month) = civil(day)
      switch grain {
      case TALLY_GRAIN_WEEK: return year * 100 + (day - firstDay(of: year)) / 7 + 1
      case TALLY_GRAIN_MONTH: return year * 100 + month
      default: return year
      }
    }
  }

  private static func firstDay(of year: Int64) -> Int64 {
    let before = year - 1
    return before * 365 + floor(before, by: 4) - floor(before, by: 100) + floor(before, by: 400)
      - 719_162
  }

  private static func civil(_ day: Int64) -> (year: Int64, month: Int64) {
    var year = 1970 + floor(day, by: 366)
    while firstDay(of: year + 1) <= day { year += 1 }
    let isLeap = firstDay(of: year + 1) - firstDay(of: year) == 366
    var rest = day - firstDay(of: year)
    for (place, length) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      .enumerated()
    {
      if rest < length { return (year, Int64(place + 1)) }
      rest -= Int64(length)
    }
    return (year, 12)
  }

  private static func floor(_ number: Int64, by divisor: Int64) -> Int64 {
    (number - number.modulo(divisor)) / divisor
  }
}

extension Int64 {
  fileprivate func modulo(_ divisor: Int64) -> Int64 { ((self % divisor) + divisor) % divisor }
}
