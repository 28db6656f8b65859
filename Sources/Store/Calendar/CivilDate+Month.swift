extension CivilDate {
  /// The date of those parts; nil when the calendar has no such day in the years 1 to 9999.
  package init?(year: Int32, month: Int32, day: Int32) {
    guard (1...9_999).contains(year), (1...12).contains(month), (1...31).contains(day) else {
      return nil
    }
    self.init(day: Self.ordinal(year: year, month: month, day: day))
    // A day beyond the end of its month has become one of the next.
    if self.month != month { return nil }
  }

  /// The first day of this day's month.
  package var firstOfMonth: CivilDate { CivilDate(day: ordinal - day + 1) }

  /// The first day of the month after this day's.
  package var nextMonth: CivilDate {
    let isLast = month == 12
    return CivilDate(
      day: Self.ordinal(year: isLast ? year + 1 : year, month: isLast ? 1 : month + 1, day: 1))
  }
}
