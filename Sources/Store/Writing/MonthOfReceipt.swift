/// The month of receipt, `year * 100 + month` in UTC, remembering the month last asked for.
struct MonthOfReceipt: Sendable {
  private static let msPerDay: Int64 = 86_400_000

  private var range: Range<Int64> = 0..<0
  private var month: Int32 = 0

  mutating func of(ms: Int64) -> Int32 {
    if range.contains(ms) { return month }
    let farthest = Int64(Int32.max) * Self.msPerDay / 4
    let bounded = min(max(ms, 0), farthest)
    let date = CivilDate(day: Int32(bounded / Self.msPerDay))
    let first = CivilDate.ordinal(year: date.year, month: date.month, day: 1)
    let next = CivilDate.ordinal(
      year: date.month == 12 ? date.year + 1 : date.year, month: date.month % 12 + 1, day: 1)
    month = date.year * 100 + date.month
    range = Int64(first) * Self.msPerDay..<Int64(next) * Self.msPerDay
    return month
  }
}
