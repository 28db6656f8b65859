import Foundation

/// An instant as the wall clock of a place shows it, computed from Foundation's offsets and a
/// calendar of our own.
struct LocalTime: Hashable {
  let year: Int
  let month: Int
  let day: Int
  let hour: Int
  /// Days since 1970-01-01.
  let ordinal: Int

  init(milliseconds: Int64, zone: TimeZone) {
    let seconds = Int(floor(Double(milliseconds) / 1_000))
    let instant = Date(timeIntervalSince1970: Double(seconds))
    let local = seconds + zone.secondsFromGMT(for: instant)
    ordinal = Int(floor(Double(local) / 86_400))
    (year, month, day) = Self.civil(ordinal)
    hour = (local - ordinal * 86_400) / 3_600
  }

  /// Year, month and day by walking from 1970, which nobody can get subtly wrong.
  private static func civil(_ ordinal: Int) -> (Int, Int, Int) {
    var (year, rest) = (1970, ordinal)
    while rest >= daysInYear(year) {
      rest -= daysInYear(year)
      year += 1
    }
    var month = 1
    while rest >= daysInMonth(month, year) {
      rest -= daysInMonth(month, year)
      month += 1
    }
    return (year, month, rest + 1)
  }

  private static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  private static func daysInYear(_ year: Int) -> Int { isLeap(year) ? 366 : 365 }

  private static func daysInMonth(_ month: Int, _ year: Int) -> Int {
    if month == 2 { return isLeap(year) ? 29 : 28 }
    return [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  /// ceil(day of year / 7).
  var week: Int {
    let before = (1..<month).map { Self.daysInMonth($0, year) }.reduce(0, +)
    return (before + day + 6) / 7
  }

  /// The places in a document this instant belongs to: below each, a path of keys.
  func path(_ level: Level) -> [String] {
    switch level {
    case .year: ["\(year)"]
    case .month: ["\(year)", "\(month)"]
    case .day: ["\(year)", "\(month)", "\(day)"]
    case .hour: ["\(year)", "\(month)", "\(day)", "\(hour)"]
    case .week: ["\(year)", "w\(week)"]
    }
  }

  enum Level: CaseIterable {
    case year, month, day, hour, week
  }
}
