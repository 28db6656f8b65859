/// A date of the proleptic Gregorian calendar, made from days since 1970-01-01. Pure arithmetic:
/// time zones are someone else's matter.
package struct CivilDate: Equatable, Hashable, Sendable {
  package let year: Int32
  /// 1 … 12.
  package let month: Int32
  /// Day of the month, 1 … 31.
  package let day: Int32
  /// Day of the year, 1 … 366.
  package let dayOfYear: Int32
  /// Days since 1970-01-01.
  package let ordinal: Int32

  /// The date of a day since 1970-01-01. Years are counted from March, so that the leap day comes
  /// last, and in eras of 400 years, which all have the same number of days.
  package init(day ordinal: Int32) {
    let shifted = Int(ordinal) + CivilDate.daysFromMarchOfYear0To1970
    let era = CivilDate.floorDivide(shifted, CivilDate.daysPerEra)
    let dayOfEra = shifted - era * CivilDate.daysPerEra
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayFromMarch = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayFromMarch + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    self.year = Int32(year)
    self.month = Int32(month)
    day = Int32(dayFromMarch - (153 * monthFromMarch + 2) / 5 + 1)
    // From March on, January and February lie before; in January and February, March to December
    // do.
    let leap = CivilDate.isLeap(year) ? 1 : 0
    dayOfYear = Int32(month > 2 ? dayFromMarch + 60 + leap : dayFromMarch - 305)
    self.ordinal = ordinal
  }

  /// The week of the core documents: 1 … 53.
  package var week: Int32 { (dayOfYear + 6) / 7 }

  /// The ISO day of the week: Monday is 1, Sunday 7.
  package var weekday: Int32 {
    // 1970-01-01 was a Thursday.
    Int32((Int(ordinal) + 3) - CivilDate.floorDivide(Int(ordinal) + 3, 7) * 7 + 1)
  }

  /// `isoYear * 100 + isoWeek`. A week belongs to the year of its Thursday.
  package var isoWeekBucket: Int32 {
    let thursday = dayOfYear - weekday + 4
    let length = CivilDate.daysInYear(year)
    if thursday < 1 {
      let before = thursday + CivilDate.daysInYear(year - 1)
      return (year - 1) * 100 + (before + 6) / 7
    }
    if thursday > length { return (year + 1) * 100 + 1 }
    return year * 100 + (thursday + 6) / 7
  }

  /// Days since 1970-01-01 of a date; the month must be 1 … 12, the day may lie beyond the month's
  /// end.
  package static func ordinal(year: Int32, month: Int32, day: Int32) -> Int32 {
    let year = Int(year) - (month <= 2 ? 1 : 0)
    let era = floorDivide(year, 400)
    let yearOfEra = year - era * 400
    let monthFromMarch = Int(month > 2 ? month - 3 : month + 9)
    let dayFromMarch = (153 * monthFromMarch + 2) / 5 + Int(day) - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayFromMarch
    return Int32(era * daysPerEra + dayOfEra - daysFromMarchOfYear0To1970)
  }

  /// 365 or 366.
  package static func daysInYear(_ year: Int32) -> Int32 { isLeap(Int(year)) ? 366 : 365 }

  private static let daysPerEra = 146_097
  private static let daysFromMarchOfYear0To1970 = 719_468

  private static func isLeap(_ year: Int) -> Bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
  }

  private static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
    value >= 0 ? value / divisor : (value + 1) / divisor - 1
  }
}
