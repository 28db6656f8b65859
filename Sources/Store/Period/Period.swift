/// The range of local days a question is about, and the one before it for comparison.
///
/// Ranges are half open and of whole days in the app's time zone. What the syntaxes mean:
/// - `hour`, `yesterday`: one day; `day`, `prevMonth`: a whole calendar month; `month`: a whole
///   calendar year. Their previous range is the calendar unit before.
/// - everything else ("special") is a run of days; the previous range is as many days before it.
package struct Period: Equatable, Sendable {
  /// What one point of a chart over the period stands for.
  package enum Tick: Sendable {
    case hour
    case day
    case month
  }

  /// Local day ordinals, in order.
  package let days: Range<Int32>
  package let previousDays: Range<Int32>
  package let tick: Tick
  /// Whether the period is a run of days rather than a calendar day, month or year.
  package let isSpecial: Bool
  /// The local day of the moment the question was asked.
  package let today: Int32
  /// The instants of `days`, in Unix milliseconds: from `startMs` up to, not including, `endMs`.
  package let startMs: Int64
  package let endMs: Int64
  package let previousStartMs: Int64

  /// Reads every syntax of the `period` parameter; whatever is none of them, or ends before it
  /// starts, is `30days`.
  package init(text: String, nowMs: Int64, calendar: LocalCalendar) {
    self.init(PeriodSyntax(text), nowMs: nowMs, calendar: calendar)
  }

  /// The range before a period, as a period of its own.
  package init(before period: Period, calendar: LocalCalendar) {
    let span = Span(before: period)
    self.init(span, today: period.today, calendar: calendar)
  }

  private init(_ syntax: PeriodSyntax, nowMs: Int64, calendar: LocalCalendar) {
    let today = calendar.day(ofMs: nowMs)
    self.init(
      Span(syntax, today: today, calendar: calendar), today: today, calendar: calendar)
  }

  private init(_ span: Span, today: Int32, calendar: LocalCalendar) {
    self.days = span.days
    self.previousDays = span.previousDays
    self.tick = span.tick
    self.isSpecial = span.isSpecial
    self.today = today
    self.startMs = calendar.startMs(ofDay: span.days.lowerBound)
    self.endMs = calendar.startMs(ofDay: span.days.upperBound)
    self.previousStartMs = calendar.startMs(ofDay: span.previousDays.lowerBound)
  }

  /// The previous range ends where the current one begins.
  package var previousEndMs: Int64 { startMs }

  package var containsToday: Bool { days.contains(today) }

  /// The months (year * 100 + month) a document read returns: every month that the current or the
  /// previous range touches, in order. The two ranges are neighbours, so it is an unbroken run.
  package var months: [Int32] {
    var months: [Int32] = []
    var date = CivilDate(day: previousDays.lowerBound).firstOfMonth
    while date.ordinal < days.upperBound {
      months.append(date.year * 100 + date.month)
      date = date.nextMonth
    }
    return months
  }

  /// The years that the current range touches.
  package var currentYears: ClosedRange<Int32> {
    CivilDate(day: days.lowerBound).year...CivilDate(day: days.upperBound - 1).year
  }

  /// The years that `months` touches.
  package var years: ClosedRange<Int32> {
    CivilDate(day: previousDays.lowerBound).year...CivilDate(day: days.upperBound - 1).year
  }

  /// All days of `months`.
  package var monthDays: Range<Int32> {
    let first = CivilDate(day: previousDays.lowerBound).firstOfMonth
    let last = CivilDate(day: days.upperBound - 1).firstOfMonth
    return first.ordinal..<last.nextMonth.ordinal
  }
}

/// The days of a syntax, once it is known which day is today.
private struct Span {
  var days: Range<Int32>
  var previousDays: Range<Int32>
  var tick: Period.Tick
  var isSpecial: Bool

  init(_ syntax: PeriodSyntax, today: Int32, calendar: LocalCalendar) {
    let month = CivilDate(day: today).firstOfMonth
    switch syntax {
    case .hour: self.init(day: today)
    case .yesterday: self.init(day: today - 1)
    case .day: self.init(monthOf: month)
    case .previousMonth: self.init(monthOf: CivilDate(day: month.ordinal - 1).firstOfMonth)
    case .month: self.init(year: month.year)
    case .lastDays(let count): self.init(special: today + 1 - count..<today + 1, tick: .day)
    case .range(let first, let last):
      let first = Self.day(of: first, calendar)
      let last = Self.day(of: last, calendar)
      guard first <= last, last - first < PeriodSyntax.daysMax, Self.daysKept.contains(first),
        Self.daysKept.contains(last)
      else {
        self.init(.fallback, today: today, calendar: calendar)
        return
      }
      self.init(special: first..<last + 1, tick: first == last ? .hour : .day)
    }
  }

  /// The range before one of any kind.
  init(before period: Period) {
    let days = period.previousDays
    let first = CivilDate(day: days.lowerBound)
    switch (period.isSpecial, period.tick) {
    case (true, _): self.init(special: days, tick: period.tick)
    case (false, .hour): self.init(day: days.lowerBound)
    case (false, .day): self.init(monthOf: first)
    case (false, .month): self.init(year: first.year)
    }
  }

  private init(day: Int32) {
    self.init(days: day..<day + 1, previousDays: day - 1..<day, tick: .hour, isSpecial: false)
  }

  private init(monthOf first: CivilDate) {
    let previous = CivilDate(day: first.ordinal - 1).firstOfMonth
    self.init(
      days: first.ordinal..<first.nextMonth.ordinal, previousDays: previous.ordinal..<first.ordinal,
      tick: .day, isSpecial: false)
  }

  private init(year: Int32) {
    let starts = [year - 1, year, year + 1].map { CivilDate.ordinal(year: $0, month: 1, day: 1) }
    self.init(
      days: starts[1]..<starts[2], previousDays: starts[0]..<starts[1], tick: .month,
      isSpecial: false)
  }

  private init(special days: Range<Int32>, tick: Period.Tick) {
    let length = Int32(days.count)
    self.init(
      days: days, previousDays: days.lowerBound - length..<days.lowerBound, tick: tick,
      isSpecial: true)
  }

  private init(
    days: Range<Int32>, previousDays: Range<Int32>, tick: Period.Tick, isSpecial: Bool
  ) {
    self.days = days
    self.previousDays = previousDays
    self.tick = tick
    self.isSpecial = isSpecial
  }

  private static func day(of bound: PeriodSyntax.Bound, _ calendar: LocalCalendar) -> Int32 {
    switch bound {
    case .instant(let ms): calendar.day(ofMs: ms)
    case .date(let date): date.ordinal
    }
  }

  /// Ranges lie in the years 1970 to 9999, but may begin on the day before: local time may be
  /// behind UTC.
  private static let daysKept = Int32(-1)...CivilDate.ordinal(year: 9_999, month: 12, day: 31)
}
