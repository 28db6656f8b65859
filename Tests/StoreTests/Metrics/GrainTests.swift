import Foundation
import Testing

@testable import Store

@Suite struct GrainTests {
  @Test("Day, core week, month and year buckets follow a calendar walked day by day")
  func walk() {
    var (year, month, day, dayOfYear): (Int32, Int32, Int32, Int32) = (1968, 1, 1, 1)
    for ordinal in Int32(-731)..<60_000 {
      let buckets = Buckets(hour: ordinal * 24 + 23)
      let expected = [ordinal, year * 100 + (dayOfYear + 6) / 7, year * 100 + month, year]
      let found = [buckets.day, buckets.week, buckets.month, buckets.year]
      #expect(found == expected, "day \(ordinal)")
      if found != expected { return }
      dayOfYear += 1
      day += 1
      if day > Self.length(month, year) { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month, dayOfYear) = (year + 1, 1, 1) }
    }
  }

  @Test("ISO weeks are those of the system's ISO calendar")
  func isoWeeks() throws {
    var calendar = Calendar(identifier: .iso8601)
    calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
    for ordinal in stride(from: Int32(-1_000), to: 50_000, by: 1) {
      let date = Date(timeIntervalSince1970: Double(ordinal) * 86_400 + 3_600)
      let parts = calendar.dateComponents([.yearForWeekOfYear, .weekOfYear], from: date)
      let expected = try Int32(#require(parts.yearForWeekOfYear) * 100 + #require(parts.weekOfYear))
      let found = Grain.isoWeek.bucket(ofDay: ordinal)
      #expect(found == expected, "day \(ordinal)")
      if found != expected { return }
    }
  }

  @Test(
    "An hour before 1970 belongs to the day it lies in",
    arguments: [
      (Int32(0), Int32(0)), (23, 0), (24, 1), (-1, -1), (-24, -1), (-25, -2),
    ])
  func floor(hour: Int32, day: Int32) {
    #expect(Grain.day(ofHour: hour) == day)
    #expect(Grain.day.bucket(ofHour: hour) == day)
    #expect(Grain.hour.bucket(ofHour: hour) == hour)
  }

  @Test("The cache says what the calendar says, whatever was asked before")
  func cache() {
    var generator = SplitMix(seed: 11)
    var cache = BucketCache()
    for _ in 0..<20_000 {
      let hour = Int32.random(in: -400_000...900_000, using: &generator)
      #expect(cache.buckets(ofHour: hour) == Buckets(hour: hour))
      for grain in Grain.allCases {
        #expect(cache.buckets(ofHour: hour)[grain] == grain.bucket(ofHour: hour))
      }
    }
  }

  private static func length(_ month: Int32, _ year: Int32) -> Int32 {
    let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
    return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Int(month) - 1]
  }
}
