import Foundation
import Testing

@testable import Store

@Suite("The local calendar")
struct CalendarTests {
  /// The first is in the unit the protocol accepts too: ten digits are seconds.
  @Test(
    "The protocol's vectors land in their buckets",
    arguments: [
      (Int64(1_717_243_200_123), Int32(2024), Int32(6), Int32(1), Int32(15), Int32(22)),
      (1_735_678_799_000, 2024, 12, 31, 23, 53),
      (1_735_682_400_000, 2025, 1, 1, 1, 1),
    ])
  func protocolVectors(
    ms: Int64, year: Int32, month: Int32, day: Int32, hour: Int32, week: Int32
  ) throws {
    let calendar = try LocalCalendar(identifier: "Europe/Istanbul")
    let found = calendar.hour(ofMs: ms)
    let date = CivilDate(day: Grain.day(ofHour: found))
    #expect([date.year, date.month, date.day] == [year, month, day])
    #expect(found - Grain.day(ofHour: found) * 24 == hour)
    #expect(date.week == week)
    #expect(calendar.day(ofMs: ms) == date.ordinal)
  }

  @Test("A zone that nobody knows is refused")
  func unknownZone() {
    for name in ["Europe/Atlantis", ""] {
      let refusal = #expect(throws: StoreError.self) { try LocalCalendar(identifier: name) }
      #expect(refusal?.code == .invalid)
      #expect(refusal?.message.contains("\"\(name)\"") == true)
    }
  }

  @Test(
    "Days have 23, 24 or 25 hours where clocks are moved",
    arguments: [
      ("Europe/Berlin", "2024-03-31", 23), ("Europe/Berlin", "2024-10-27", 25),
      ("Europe/Berlin", "2024-10-28", 24), ("America/New_York", "2025-03-09", 23),
      ("Australia/Lord_Howe", "2025-04-06", 24), ("Asia/Kolkata", "2025-03-30", 24),
    ])
  func dayLengths(zone: String, date: String, hours: Int) throws {
    let calendar = try LocalCalendar(identifier: zone)
    let day = ordinal(date)
    let length = calendar.startMs(ofDay: day + 1) - calendar.startMs(ofDay: day)
    // Lord Howe moves its clocks by half an hour.
    #expect(length / 3_600_000 == hours)
  }

  @Test("Both passes of a repeated hour are one bucket, and a skipped hour has none")
  func repeatedAndSkippedHours() throws {
    let calendar = try LocalCalendar(identifier: "Europe/Berlin")
    // 2024-10-27 00:30 UTC is 02:30 summer time, an hour later it is 02:30 again.
    #expect(calendar.hour(ofMs: 1_729_989_000_000) == calendar.hour(ofMs: 1_729_992_600_000))
    // 2024-03-31 01:00 UTC: from 02:00 to 03:00 at once.
    #expect(calendar.hour(ofMs: 1_711_846_800_000) - calendar.hour(ofMs: 1_711_846_799_999) == 2)
  }

  @Test(
    "A day whose midnight is skipped begins at one o'clock",
    arguments: [
      ("America/Havana", "2024-03-10"), ("America/Asuncion", "2024-10-06"),
      ("Asia/Beirut", "2024-03-31"), ("Africa/Cairo", "2024-04-26"),
    ])
  func midnightSkipped(zone: String, date: String) throws {
    let calendar = try LocalCalendar(identifier: zone)
    let day = ordinal(date)
    let start = calendar.startMs(ofDay: day)
    #expect(calendar.hour(ofMs: start) == day * 24 + 1)
    #expect(calendar.hour(ofMs: start - 1) == day * 24 - 1)
    #expect(calendar.startMs(ofDay: day + 1) - start == 23 * 3_600_000)
  }

  @Test("A midnight that comes twice begins the day the first time")
  func midnightRepeated() throws {
    let calendar = try LocalCalendar(identifier: "America/Havana")
    // 2024-11-03: at 01:00 summer time clocks go back to 00:00.
    let day = ordinal("2024-11-03")
    let start = calendar.startMs(ofDay: day)
    #expect(calendar.hour(ofMs: start) == day * 24)
    #expect(calendar.hour(ofMs: start - 1) == day * 24 - 1)
    #expect(calendar.hour(ofMs: start + 3_600_000) == day * 24)
    #expect(calendar.startMs(ofDay: day + 1) - start == 25 * 3_600_000)
  }

  @Test("A day that the zone left out has no length")
  func daySkipped() throws {
    let calendar = try LocalCalendar(identifier: "Pacific/Apia")
    let day = ordinal("2011-12-30")
    #expect(calendar.startMs(ofDay: day) == calendar.startMs(ofDay: day + 1))
    #expect(calendar.day(ofMs: calendar.startMs(ofDay: day)) == day + 1)
    #expect(calendar.day(ofMs: calendar.startMs(ofDay: day) - 1) == day - 1)
  }

  @Test("Hours before 1970 and offsets of minutes round down")
  func roundsDown() throws {
    #expect(LocalCalendar.utc.hour(ofMs: -1) == -1)
    #expect(LocalCalendar.utc.hour(ofMs: -3_600_000) == -1)
    #expect(LocalCalendar.utc.hour(ofMs: -3_600_001) == -2)
    let kathmandu = try LocalCalendar(identifier: "Asia/Kathmandu")
    // 05:45 ahead: local midnight is 18:15 UTC of the day before.
    let midnight = Int64(ordinal("2025-01-01")) * 86_400_000 - 20_700_000
    #expect(kathmandu.hour(ofMs: midnight) == ordinal("2025-01-01") * 24)
    #expect(kathmandu.hour(ofMs: midnight - 1) == ordinal("2025-01-01") * 24 - 1)
    #expect(kathmandu.startMs(ofDay: ordinal("2025-01-01")) == midnight)
  }

  @Test("Instants beyond all reason stay inside the type")
  func farInstants() {
    #expect(LocalCalendar.utc.hour(ofMs: .max) > 0)
    #expect(LocalCalendar.utc.hour(ofMs: .min) < 0)
  }

  @Test(
    "Hours agree with Foundation at any time of many years",
    arguments: [
      "Europe/Berlin", "America/Sao_Paulo", "America/St_Johns", "Asia/Tehran", "Africa/Casablanca",
      "Pacific/Chatham", "Antarctica/Troll", "America/Los_Angeles", "Asia/Kolkata",
    ])
  func agreesWithFoundation(zone: String) throws {
    let calendar = try LocalCalendar(identifier: zone)
    let reference = try #require(TimeZone(identifier: zone))
    var random = SplitMix(seed: 7)
    for _ in 0..<3_000 {
      let seconds = Int64(random.next() % 4_000_000_000)
      let date = Date(timeIntervalSince1970: Double(seconds))
      let local = seconds + Int64(reference.secondsFromGMT(for: date))
      #expect(calendar.hour(ofMs: seconds * 1_000 + 999) == Int32(local / 3_600), "\(seconds)")
    }
  }

  @Test("Every start of a day is the first instant of that day")
  func startsAreFirst() throws {
    for zone in ["Europe/Berlin", "America/Havana", "America/Asuncion", "Pacific/Auckland"] {
      let calendar = try LocalCalendar(identifier: zone)
      for day in ordinal("2023-01-01")..<ordinal("2025-01-01") {
        let start = calendar.startMs(ofDay: day)
        #expect(calendar.day(ofMs: start) == day, "\(zone) \(day)")
        #expect(calendar.day(ofMs: start - 1) == day - 1, "\(zone) \(day)")
      }
    }
  }

  @Test("One calendar answers many threads at once")
  func sharedBetweenThreads() async throws {
    let calendar = try LocalCalendar(identifier: "Europe/Berlin")
    let expected = (0..<2_000).map { calendar.hour(ofMs: Int64($0) * 777_777_777) }
    await withTaskGroup(of: Bool.self) { group in
      for offset in 0..<4 {
        group.addTask {
          (0..<2_000).allSatisfy {
            let place = ($0 + offset * 500) % 2_000
            return calendar.hour(ofMs: Int64(place) * 777_777_777) == expected[place]
          }
        }
      }
      for await agrees in group { #expect(agrees) }
    }
  }
}

@Suite("Civil dates by their parts")
struct CivilDatePartsTests {
  @Test("A date that no calendar has is nil")
  func invalidDates() {
    #expect(CivilDate(year: 2025, month: 2, day: 29) == nil)
    #expect(CivilDate(year: 2024, month: 2, day: 29) != nil)
    #expect(CivilDate(year: 2025, month: 13, day: 1) == nil)
    #expect(CivilDate(year: 2025, month: 4, day: 31) == nil)
    #expect(CivilDate(year: 2025, month: 0, day: 1) == nil)
    #expect(CivilDate(year: 0, month: 1, day: 1) == nil)
  }

  @Test("The months of a year follow each other")
  func months() {
    var date = CivilDate(day: ordinal("2023-12-31")).firstOfMonth
    #expect(date.ordinal == ordinal("2023-12-01"))
    date = date.nextMonth
    #expect(date.ordinal == ordinal("2024-01-01"))
    #expect(date.nextMonth.nextMonth.ordinal == ordinal("2024-03-01"))
  }
}
