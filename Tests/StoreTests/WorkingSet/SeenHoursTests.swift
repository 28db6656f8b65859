import Testing

@testable import Store

@Suite struct SeenHoursTests {
  @Test("In any order of arrival each bucket of each grain is new exactly once", arguments: 0..<40)
  func anyOrder(seed: UInt64) {
    var generator = SplitMix(seed: seed)
    var seen = SeenHours()
    var model: [Int64: Set<Int32>] = [:]
    let all: [Int64] = [1, 2, 300, 1 << 31]
    // Around new year, where weeks, ISO weeks and years disagree; sometimes far away.
    let centre = Int32(20_454 * 24)
    let width: Int32 = [50, 500, 5_000, 200_000][Int(seed % 4)]
    for _ in 0..<400 {
      let series = all[Int.random(in: all.indices, using: &generator)]
      let hour = centre + Int32.random(in: -width...width, using: &generator)
      let known = model[series, default: []]
      var expected: UInt32 = 0
      for grain in Grain.allCases
      where !known.contains(where: { grain.bucket(ofHour: $0) == grain.bucket(ofHour: hour) }) {
        expected |= grain.rawValue
      }
      #expect(seen.insert(series: series, hour: hour) == expected)
      model[series, default: []].insert(hour)
      // What was stored and read again goes on the same way.
      seen = SeenHours(bytes: seen.bytes)
    }
    for (series, hours) in model { #expect(seen.hours(ofSeries: series) == hours.sorted()) }
    #expect(seen.hours(ofSeries: 99) == [])
  }

  @Test("Hours at the ends of the number range are kept too")
  func extremes() {
    var seen = SeenHours()
    for hour in [Int32.max, .min, 0, -1, .max - 24, .min + 24] {
      #expect(seen.insert(series: 5, hour: hour) & 1 == 1)
      #expect(seen.insert(series: 5, hour: hour) == 0)
    }
    #expect(seen.hours(ofSeries: 5) == [.min, .min + 24, -1, 0, .max - 24, .max])
  }

  @Test("A user who comes once a day for a year takes two bytes a day")
  func size() {
    var seen = SeenHours()
    for day in 0..<365 { _ = seen.insert(series: 12, hour: Int32(day * 24 + day % 24)) }
    #expect(seen.bytes.count < 365 * 2 + 10)
  }
}
