import Testing

@testable import Store

@Suite("Periods")
struct PeriodTests {
  /// 2025-03-14, a Friday, 10:00 UTC.
  private let now = milliseconds("2025-03-14", hour: 10)

  private func period(_ text: String, zone: String = "UTC", now: Int64? = nil) throws -> Period {
    let calendar = try LocalCalendar(identifier: zone)
    return Period(text: text, nowMs: now ?? self.now, calendar: calendar)
  }

  private func days(_ first: String, _ last: String) -> Range<Int32> {
    ordinal(first)..<ordinal(last) + 1
  }

  @Test(
    "The range before a period is one of its own kind",
    arguments: [
      ("hour", "2025-03-13", "2025-03-13", "2025-03-12"),
      ("day", "2025-02-01", "2025-02-28", "2025-01-01"),
      ("month", "2024-01-01", "2024-12-31", "2023-01-01"),
      ("7days", "2025-03-01", "2025-03-07", "2025-02-22"),
    ])
  func before(text: String, first: String, last: String, beforeThat: String) throws {
    let period = try period(text)
    let before = Period(before: period, calendar: .utc)
    #expect(before.days == days(first, last))
    #expect(before.tick == period.tick && before.isSpecial == period.isSpecial)
    #expect(before.endMs == period.startMs && before.startMs == milliseconds(first))
    #expect(before.previousDays.lowerBound == ordinal(beforeThat))
  }

  @Test(
    "Each named period has its days, its previous days and its ticks",
    arguments: [
      ("hour", "2025-03-14", "2025-03-14", "2025-03-13", "2025-03-13", Period.Tick.hour),
      ("yesterday", "2025-03-13", "2025-03-13", "2025-03-12", "2025-03-12", .hour),
      ("day", "2025-03-01", "2025-03-31", "2025-02-01", "2025-02-28", .day),
      ("prevMonth", "2025-02-01", "2025-02-28", "2025-01-01", "2025-01-31", .day),
      ("month", "2025-01-01", "2025-12-31", "2024-01-01", "2024-12-31", .month),
    ])
  func named(
    text: String, first: String, last: String, before: String, behind: String, tick: Period.Tick
  ) throws {
    let period = try period(text)
    #expect(period.days == days(first, last))
    #expect(period.previousDays == days(before, behind))
    #expect(period.tick == tick)
    #expect(!period.isSpecial)
  }

  @Test(
    "Counted periods end today and compare with as many days before",
    arguments: [
      ("1days", Int32(1)), ("7days", 7), ("30days", 30), ("60days", 60), ("365days", 365),
      ("1weeks", 7), ("4weeks", 28), ("1months", 30), ("3months", 90), ("73200days", 73_200),
    ])
  func counted(text: String, count: Int32) throws {
    let period = try period(text)
    let end = ordinal("2025-03-15")
    #expect(period.days == end - count..<end)
    #expect(period.previousDays == end - 2 * count..<end - count)
    #expect(period.isSpecial && period.containsToday)
    #expect(period.tick == .day)
  }

  @Test(
    "Whatever is no period is the last 30 days",
    arguments: [
      "", "0days", "-3days", "+days", "days", "7 days", "7day", "1e3days",
      "99999999999999999999days",
      "73201days", "2000000000weeks", "[1,2", "1,2", "[1]", "[1,2,3]",
      "[\"2025-03-01\",\"2025-03-02\"]",
      "[\"31-02-2025\",\"01-03-2025\"]", "[\"01-03-2025 24:00:00\",\"02-03-2025\"]",
      "{\"a\":1,\"b\":2}",
      "[1741910400000,1741824000000]", "[\"05-03-2025\",\"04-03-2025\"]", "[null,null]",
      "[\"\",\"\"]",
      "[,]", "[-99999999999999999999,1]", "[0,9223372036854775807]", "Hour", "[1.,2.]",
    ])
  func fallback(text: String) throws {
    #expect(try period(text) == period("30days"))
  }

  @Test("A range in milliseconds covers whole days of the app's zone")
  func milliseconRange() throws {
    // In Auckland both instants lie a day later than in UTC.
    let text = "[\(milliseconds("2025-03-01", hour: 12)),\(milliseconds("2025-03-03", hour: 23))]"
    #expect(try period(text).days == days("2025-03-01", "2025-03-03"))
    #expect(try period(text, zone: "Pacific/Auckland").days == days("2025-03-02", "2025-03-04"))
    #expect(try period(text).previousDays == days("2025-02-26", "2025-02-28"))
    #expect(try period(text).isSpecial)
    #expect(try period(text).tick == .day)
    #expect(try period(text) != period("30days"))
  }

  @Test("A range may be written with spaces and fractions")
  func looseNumbers() throws {
    let plain = try period("[1740787200000,1740960000000]")
    #expect(try period(" [ 1740787200000 , 1740960000000.75 ] ") == plain)
    #expect(plain.days == days("2025-03-01", "2025-03-03"))
  }

  @Test("A range of dates reads day, month, year, with or without a time")
  func dateRange() throws {
    let plain = try period("[\"01-03-2025\",\"03-03-2025\"]")
    #expect(plain.days == days("2025-03-01", "2025-03-03"))
    #expect(try period("[\"1-3-2025\", \"03-03-2025\"]") == plain)
    #expect(try period("[\"01-03-2025 00:00:00\",\"03-03-2025 23:59:59\"]") == plain)
    #expect(
      try period("[\"01-03-2025\",\"03-03-2025\"]", zone: "Pacific/Auckland").days == plain.days)
  }

  @Test("Equal bounds are one day by hours")
  func singleDay() throws {
    let period = try period("[\"03-03-2025\",\"03-03-2025\"]")
    #expect(period.days == days("2025-03-03", "2025-03-03"))
    #expect(period.tick == .hour)
    #expect(period.isSpecial)
    #expect(!period.containsToday)
  }

  @Test("Today is a matter of the app's zone")
  func today() throws {
    // 23:30 UTC on new year's eve is next year already in Istanbul, and the afternoon in Los
    // Angeles.
    let eve = milliseconds("2024-12-31", hour: 23, minute: 30)
    #expect(
      try period("hour", zone: "Europe/Istanbul", now: eve).days == days("2025-01-01", "2025-01-01")
    )
    #expect(
      try period("month", zone: "Europe/Istanbul", now: eve).days
        == days("2025-01-01", "2025-12-31"))
    #expect(
      try period("month", zone: "America/Los_Angeles", now: eve).days
        == days("2024-01-01", "2024-12-31"))
  }

  @Test("Bounds in milliseconds are the starts of local days, also where clocks move")
  func instants() throws {
    let now = milliseconds("2024-10-27", hour: 12)
    let period = try period("hour", zone: "Europe/Berlin", now: now)
    #expect(period.startMs == milliseconds("2024-10-26", hour: 22))
    #expect(period.endMs == milliseconds("2024-10-27", hour: 23))
    #expect(period.previousStartMs == milliseconds("2024-10-25", hour: 22))
    #expect(period.previousEndMs == period.startMs)
  }

  @Test("A document read returns every month of the current and the previous range")
  func monthsRead() throws {
    #expect(try period("30days").months == [202_501, 202_502, 202_503])
    #expect(try period("hour", now: milliseconds("2025-01-01")).months == [202_412, 202_501])
    #expect(try period("hour", now: milliseconds("2025-01-01")).years == 2024...2025)
    #expect(try period("day").months == [202_502, 202_503])
    #expect(try period("month").months.count == 24)
    #expect(try period("30days").monthDays == days("2025-01-01", "2025-03-31"))
  }
}

@Suite("Covers for uniques")
struct PeriodCoverTests {
  private func cover(_ first: String, _ last: String, grains: UInt32 = Grain.all) -> PeriodCover {
    func text(_ date: String) -> String {
      date.split(separator: "-").reversed().joined(separator: "-")
    }
    return Period(
      text: "[\"\(text(first))\",\"\(text(last))\"]", nowMs: milliseconds("2025-06-15"),
      calendar: .utc
    ).cover(grains: grains)
  }

  private func text(_ pieces: [CoverPiece]) -> String {
    pieces.map { piece in
      switch piece.grain {
      case .month: "M\(piece.bucket)"
      case .isoWeek: "W\(piece.bucket)"
      case .year: "Y\(piece.bucket)"
      default: CivilDate(day: piece.bucket).shortText
      }
    }.joined(separator: " ")
  }

  @Test("Months first, then whole ISO weeks, then days")
  func fineCover() {
    // Thursday 2025-01-16 to Wednesday 2025-04-09.
    let cover = cover("2025-01-16", "2025-04-09")
    #expect(
      text(cover.fine)
        == "1-16 1-17 1-18 1-19 W202504 1-27 1-28 1-29 1-30 1-31 M202502 M202503 "
        + "4-1 4-2 4-3 4-4 4-5 4-6 4-7 4-8 4-9"
    )
    #expect(text(cover.coarse) == "W202503 W202504 W202505 M202502 M202503 W202514 W202515")
    #expect(!cover.isExact)
  }

  @Test("Weeks at new year carry the number of their Thursday's year")
  func newYear() {
    let cover = cover("2024-12-23", "2025-01-05")
    #expect(text(cover.fine) == "W202452 W202501")
    #expect(text(cover.coarse) == "W202452 W202501")
  }

  @Test("A whole month, a week or a day is one exact piece")
  func exact() {
    #expect(text(cover("2025-02-01", "2025-02-28").fine) == "M202502")
    #expect(cover("2025-02-01", "2025-02-28").isExact)
    #expect(text(cover("2025-02-03", "2025-02-09").fine) == "W202506")
    #expect(text(cover("2025-02-04", "2025-02-04").fine) == "2-4")
  }

  @Test("Grains that are not stored are not asked for")
  func missingGrains() {
    let days = cover("2025-02-01", "2025-02-03", grains: Grain.day.rawValue | Grain.year.rawValue)
    #expect(text(days.fine) == "2-1 2-2 2-3")
    #expect(days.coarse.isEmpty)
    let months = cover(
      "2025-01-31", "2025-02-28", grains: Grain.day.rawValue | Grain.month.rawValue)
    #expect(text(months.fine) == "1-31 M202502")
  }

  @Test("A calendar year is read from its own bucket")
  func calendarYear() {
    let period = Period(text: "month", nowMs: milliseconds("2025-06-15"), calendar: .utc)
    #expect(text(period.cover(grains: Grain.all).fine) == "Y2025")
    let months = period.cover(grains: Grain.all & ~Grain.year.rawValue)
    #expect(months.fine.count == 12)
  }

  @Test("Every cover holds each day of its range exactly once, and the coarse one at least once")
  func coversEveryDay() {
    var random = SplitMix(seed: 3)
    for _ in 0..<200 {
      let first = ordinal("2023-11-01") + Int32(random.next() % 400)
      let last = first + Int32(random.next() % 500)
      let period = Period(
        text: "[\(Int64(first) * 86_400_000),\(Int64(last) * 86_400_000)]",
        nowMs: milliseconds("2025-06-15"), calendar: .utc)
      let cover = period.cover(grains: Grain.all)
      #expect(cover.fine.flatMap(\.days).sorted() == Array(first...last))
      #expect(Set(cover.coarse.flatMap(\.days)).isSuperset(of: first...last))
    }
  }
}

extension CivilDate {
  fileprivate var shortText: String { "\(month)-\(day)" }
}

extension CoverPiece {
  /// The days of the piece, found by trying every day around.
  fileprivate var days: [Int32] {
    (ordinal("2023-09-01")..<ordinal("2026-12-31")).filter { grain.bucket(ofDay: $0) == bucket }
  }
}
