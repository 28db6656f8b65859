/// How wide a counter's bucket is. Raw values are the bits of `TALLY_GRAIN_…` in the plugin
/// contract; sets of grains are these bits combined in a `UInt32`.
package enum Grain: UInt32, CaseIterable, Sendable {
  case hour = 1
  case day = 2
  /// Weeks of the core documents: `ceil(day of year / 7)`, so the last week of a year has one or
  /// two days.
  case week = 4
  /// Weeks from Monday to Sunday; the days around new year may belong to the neighbouring year.
  case isoWeek = 8
  case month = 16
  case year = 32

  /// All grains, as bits.
  package static let all: UInt32 = 63

  /// Hours of a civil day. Days of 23 or 25 real hours have 24 labels like every other.
  package static let hoursPerDay: Int32 = 24

  /// The bit of this grain as a place: 0 for hours … 5 for years.
  package var index: Int { rawValue.trailingZeroBitCount }

  /// The bucket in which a local hour lies.
  package func bucket(ofHour hour: Int32) -> Int32 {
    self == .hour ? hour : bucket(ofDay: Grain.day(ofHour: hour))
  }

  /// The bucket in which a local day lies. Hours have no such bucket.
  package func bucket(ofDay day: Int32) -> Int32 {
    precondition(self != .hour, "a day is wider than an hour")
    if self == .day { return day }
    let date = CivilDate(day: day)
    switch self {
    case .hour, .day: return day
    case .week: return date.year * 100 + date.week
    case .isoWeek: return date.isoWeekBucket
    case .month: return date.year * 100 + date.month
    case .year: return date.year
    }
  }

  /// The local day of a local hour, also before 1970.
  package static func day(ofHour hour: Int32) -> Int32 {
    hour >= 0 ? hour / hoursPerDay : (hour + 1) / hoursPerDay - 1
  }
}

/// The buckets of all grains at one local hour.
package struct Buckets: Equatable, Sendable {
  package let hour: Int32
  package let day: Int32
  package let week: Int32
  package let isoWeek: Int32
  package let month: Int32
  package let year: Int32

  package init(hour: Int32) {
    let day = Grain.day(ofHour: hour)
    let date = CivilDate(day: day)
    self.hour = hour
    self.day = day
    week = date.year * 100 + date.week
    isoWeek = date.isoWeekBucket
    month = date.year * 100 + date.month
    year = date.year
  }

  package subscript(grain: Grain) -> Int32 {
    switch grain {
    case .hour: hour
    case .day: day
    case .week: week
    case .isoWeek: isoWeek
    case .month: month
    case .year: year
    }
  }
}

/// Remembers the buckets of recently used days. A stream of requests names few different days, and
/// looking one up is several times cheaper than the divisions of the calendar. Not shared between
/// threads.
package struct BucketCache {
  /// Days remembered; a power of two. Fourteen months of late arrivals fit.
  static let daysMax = 512

  private var hours = ContiguousArray(repeating: Buckets(hour: 0), count: daysMax)

  package init() {}

  /// The buckets at a local hour.
  package mutating func buckets(ofHour hour: Int32) -> Buckets {
    let day = Grain.day(ofHour: hour)
    let place = Int(day) & (Self.daysMax - 1)
    let known = hours[place]
    if known.day == day { return Buckets(known, hour: hour) }
    let fresh = Buckets(hour: hour)
    hours[place] = fresh
    return fresh
  }
}

extension Buckets {
  fileprivate init(_ sameDay: Buckets, hour: Int32) {
    self.hour = hour
    day = sameDay.day
    week = sameDay.week
    isoWeek = sameDay.isoWeek
    month = sameDay.month
    year = sameDay.year
  }
}
