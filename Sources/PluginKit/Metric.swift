import PluginABI

/// The buckets a number is stored in, in the app's time zone.
public struct Grains: OptionSet, BitwiseCopyable, Sendable {
  public let rawValue: UInt32

  @inlinable public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Only series without a dimension are stored by hour.
  public static let hour = Grains(rawValue: TALLY_GRAIN_HOUR)
  public static let day = Grains(rawValue: TALLY_GRAIN_DAY)
  /// ceil(day of year / 7).
  public static let week = Grains(rawValue: TALLY_GRAIN_WEEK)
  /// Monday to Sunday. Users of a period that is no month are read from these and from days.
  public static let isoWeek = Grains(rawValue: TALLY_GRAIN_ISO_WEEK)
  public static let month = Grains(rawValue: TALLY_GRAIN_MONTH)
  public static let year = Grains(rawValue: TALLY_GRAIN_YEAR)

  /// Where sums are stored: a year is the sum of its months.
  public static let sums: Grains = [.hour, .day, .month]
  /// Where users are told apart, with the weeks of the core documents. For totals of any period use
  /// `.isoWeek` in place of `.week`.
  public static let uniques: Grains = [.hour, .day, .week, .month, .year]
}

/// One number of a metric.
public struct Measure: Sendable {
  let name: String
  let kind: UInt32
  let grains: Grains
  let decimals: UInt32
  let isOptional: Bool

  /// A sum. `decimals` is 0, or 5 for units of 1e-5; an optional one is left out of documents while
  /// zero.
  public static func sum(
    _ name: String, grains: Grains = .sums, decimals: Int = 0, optional: Bool = false
  ) -> Measure {
    Measure(
      name: name, kind: TALLY_MEASURE_SUM, grains: grains, decimals: UInt32(decimals),
      isOptional: optional)
  }

  /// Users, each once per bucket.
  public static func unique(_ name: String, grains: Grains = .uniques) -> Measure {
    Measure(
      name: name, kind: TALLY_MEASURE_UNIQUE, grains: grains, decimals: 0, isOptional: false)
  }

  /// Users that were new.
  public static func new(
    _ name: String, grains: Grains = [.hour, .day, .month, .year]
  ) -> Measure {
    Measure(name: name, kind: TALLY_MEASURE_NEW, grains: grains, decimals: 0, isOptional: false)
  }
}

/// A dimension known beforehand.
public struct Dimension: Sendable {
  let name: String
  let meta: String
  let style: UInt32
  let valueLimit: UInt32
  let measures: UInt32
  let grains: Grains

  /// Values stand beside the totals: `"<value>": {measures}`. `measures` are places in the metric's
  /// list; a `valueLimit` of 0 is the metric's.
  public static func inline(
    _ name: String, meta: String, measures: [Int]? = nil, valueLimit: Int = 1_000
  ) -> Dimension {
    Dimension(
      name: name, meta: meta, style: TALLY_DIMENSION_INLINE, valueLimit: UInt32(valueLimit),
      measures: measures.map(mask) ?? UInt32.max, grains: [])
  }

  /// Values count the first measure: `"<name>": {"<value>": 1}`.
  public static func histogram(
    _ name: String, meta: String, grains: Grains, valueLimit: Int = 100
  ) -> Dimension {
    Dimension(
      name: name, meta: meta, style: TALLY_DIMENSION_HISTOGRAM, valueLimit: UInt32(valueLimit),
      measures: 1, grains: grains)
  }

  private static func mask(_ places: [Int]) -> UInt32 {
    places.reduce(0) { $0 | 1 << UInt32($1) }
  }
}

/// A registered metric.
public struct Metric: Sendable {
  @usableFromInline let number: UInt32
  @usableFromInline let measures: UInt32

  /// One line of its counters: both `dimension` and `value` are empty for the total of the subject.
  @inlinable public func series(
    subject: Text = "", dimension: Text = "", value: Text = ""
  ) -> Series {
    Series(self, subject, dimension, value)
  }
}

/// A registered collection of shared documents.
public struct Collection: Sendable, Equatable {
  @usableFromInline let number: UInt32
}

/// A registered route.
public struct Route: Sendable, Hashable {
  @usableFromInline let number: UInt32
}

/// A registered table of rows.
public struct Table: Sendable, Equatable {
  @usableFromInline let number: UInt32
}
