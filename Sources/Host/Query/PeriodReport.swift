import Foundation
import Store

/// `/o?method=get_period_obj`: what the server takes a period for.
struct PeriodReport {
  private let period: Period

  static func answer(_ visit: Visit, nowMs: Int64) throws -> QueryReply {
    guard let app = visit.app else { throw QueryError(code: .missingAppID) }
    let period = Period(
      text: visit.request.parameters["period"] ?? "", nowMs: nowMs, calendar: app.calendar)
    let before = Period(before: period, calendar: app.calendar)
    return QueryReply(PeriodReport(period: period).document(before: before))
  }

  private func document(before: Period) -> JSONValue {
    let other = PeriodReport(period: before)
    var members: [String: JSONValue] = [
      "start": .number(Double(period.startMs)), "end": .number(Double(period.endMs - 1)),
      "isSpecialPeriod": .bool(period.isSpecial),
      "daysInPeriod": .number(Double(period.days.count)),
      "periodContainsToday": .bool(period.containsToday),
      "dateString": .string(period.tick == .hour ? "HH:mm" : "D MMM"),
      "currentPeriodArr": .texts(days), "previousPeriodArr": .texts(other.days),
      "uniquePeriodArr": .texts(cover.fine.map(Self.name)),
      "uniquePeriodCheckArr": .texts(cover.coarse.map(Self.name)),
      "previousUniquePeriodArr": .texts(other.cover.fine.map(Self.name)),
      "previousUniquePeriodCheckArr": .texts(other.cover.coarse.map(Self.name)),
      "reqMonthDbDateIds": .texts(period.months.map { "\($0 / 100):\($0 % 100)" }),
      "reqZeroDbDateIds": .texts(period.years.map { "\($0):0" }),
    ]
    if !period.isSpecial {
      members["activePeriod"] = .string(unit)
      members["previousPeriod"] = .string(other.unit)
      members["periodMin"] = .number(period.tick == .hour ? 0 : 1)
      members["periodMax"] = .number(Double(last))
    }
    return .object(members)
  }

  /// The last tick of a day, month or year of the calendar.
  private var last: Int {
    switch period.tick {
    case .hour: Int(Grain.hoursPerDay) - 1
    case .day: period.days.count
    case .month: 12
    }
  }

  /// Days as clients name them, at most ten years of them.
  private var days: [String] { period.days.prefix(Self.daysMax).map(Self.name(ofDay:)) }

  private static let daysMax = 3_660

  private var cover: PeriodCover {
    period.cover(grains: Grain.month.rawValue | Grain.isoWeek.rawValue | Grain.day.rawValue)
  }

  /// The one bucket that a day, month or year of the calendar is.
  private var unit: String {
    let first = CivilDate(day: period.days.lowerBound)
    return switch period.tick {
    case .hour: Self.name(ofDay: first.ordinal)
    case .day: "\(first.year).\(first.month)"
    case .month: "\(first.year)"
    }
  }

  private static func name(ofDay day: Int32) -> String {
    let date = CivilDate(day: day)
    return "\(date.year).\(date.month).\(date.day)"
  }

  private static func name(_ piece: CoverPiece) -> String {
    switch piece.grain {
    case .isoWeek: "\(piece.bucket / 100).w\(piece.bucket % 100)"
    case .month: "\(piece.bucket / 100).\(piece.bucket % 100)"
    case .year: "\(piece.bucket)"
    default: name(ofDay: piece.bucket)
    }
  }
}
