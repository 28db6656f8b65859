import Foundation
import Harness
import Testing

/// The recount against numbers worked out by hand, so that it may judge.
@Suite struct RecountTests {
  private func recount(_ zone: String = "Europe/Istanbul") throws -> Recount {
    Recount(zone: try #require(TimeZone(identifier: zone)))
  }

  @Test("The reference's own vectors fall into the hours and weeks it names")
  func vectors() throws {
    let zone = try #require(TimeZone(identifier: "Europe/Istanbul"))
    let expected: [(Int64, [String], Int)] = [
      (1_717_243_200_123, ["2024", "6", "1", "15"], 22),
      (1_735_678_799_000, ["2024", "12", "31", "23"], 53),
      (1_735_682_400_000, ["2025", "1", "1", "1"], 1),
    ]
    for (instant, path, week) in expected {
      let time = LocalTime(milliseconds: instant, zone: zone)
      #expect(time.path(.hour) == path)
      #expect(time.week == week)
    }
  }

  @Test("Both hours of a repeated local hour share one bucket")
  func longDay() throws {
    let zone = try #require(TimeZone(identifier: "America/New_York"))
    let first = LocalTime(milliseconds: 1_730_611_800_000, zone: zone)
    let second = LocalTime(milliseconds: 1_730_611_800_000 + 3_600_000, zone: zone)
    #expect(first.path(.hour) == ["2024", "11", "3", "1"])
    #expect(first == second)
  }

  @Test("A session of two days counts as the reference's example does")
  func example() throws {
    var recount = try recount()
    // 2025-03-14 09:30 in Istanbul.
    let morning: Int64 = 1_741_933_800_000
    var request = Item(device: "a", milliseconds: morning)
    recount.apply(request)
    request.begin = true
    recount.apply(request)
    request.milliseconds += 3_600_000
    recount.apply(request)
    request.begin = false
    request.end = true
    request.duration = ("60", 60)
    recount.apply(request)
    let need = try JSON(
      #"""
      {"2025":{"t":2,"n":1,"u":1,"d":60,"e":4,"f":{"0":1,"1":1},"ds":{"0":1,"2":1},
       "Unknown":{"t":2,"n":1,"u":1},
       "w11":{"u":1,"f":{"0":1,"1":1},"ds":{"0":1,"2":1},"Unknown":{"u":1}},
       "3":{"t":2,"n":1,"u":1,"d":60,"e":4,"f":{"0":1,"1":1},"ds":{"0":1,"2":1},
        "Unknown":{"t":2,"n":1,"u":1},
        "14":{"t":2,"n":1,"u":1,"d":60,"e":4,"f":{"0":1,"1":1},"ds":{"0":1,"2":1},
         "Unknown":{"t":2,"n":1,"u":1},
         "9":{"t":1,"n":1,"u":1,"e":2},"10":{"t":1,"u":1,"d":60,"e":2}}}},
       "meta":{"countries":["Unknown"],"f-ranges":["0","1"],"d-ranges":["0","2"]}}
      """#)
    #expect(JSON.differences(have: recount.usersDocument, need: need) == [])
  }

  @Test("A begin inside the cooldown takes the duration bucket back, one at its edge does not")
  func cooldown() throws {
    for (gap, sessions, durations) in [
      (14_999, 1, #"{"2":1}"#), (15_000, 2, #"{"1":2}"#), (-1, 2, #"{"1":2}"#),
    ] as [(Int64, Int, String)] {
      var recount = try recount()
      var item = Item(device: "a", milliseconds: 1_741_933_800_000)
      for round in 0..<2 {
        (item.begin, item.end, item.duration) = (true, false, nil)
        recount.apply(item)
        (item.begin, item.end, item.duration) = (false, true, ("20", 20))
        recount.apply(item)
        if round == 0 { item.milliseconds += gap }
      }
      let year = recount.usersDocument["2025"]
      #expect(year?["t"] == .number(Double(sessions)))
      #expect(year?["ds"]?.text == durations)
      #expect(year?["d"] == .number(40))
    }
  }

  @Test("Durations are made sense of: zero nothing, negative 30, more than a day a day")
  func durations() throws {
    var recount = try recount()
    for seconds in [0, -5, 100_000] {
      var item = Item(device: "a", milliseconds: 1_741_933_800_000)
      item.duration = ("\(seconds)", seconds)
      recount.apply(item)
    }
    #expect(recount.usersDocument["2025"]?["d"] == .number(86_430))
  }

  @Test("Frequency has an index for each span of time since the session before")
  func frequency() {
    let hour: Int64 = 3_600_000
    let expected: [(Int64?, Int)] = [
      (nil, 0), (-1, 1), (0, 1), (24 * hour - 1, 1), (24 * hour, 2), (192 * hour - 1, 8),
      (192 * hour, 9), (360 * hour, 10), (744 * hour - 1, 10), (744 * hour, 11),
    ]
    for (passed, index) in expected {
      #expect(frequencyIndex(previous: passed.map { _ in 0 }, begin: passed ?? 0) == index)
    }
  }

  @Test("Loyalty begins with one session and ends with five hundred")
  func loyalty() throws {
    let expected = [
      (1, 0), (2, 1), (3, 2), (5, 2), (6, 3), (9, 3), (10, 4), (19, 4), (20, 5), (49, 5), (50, 6),
      (99, 6), (100, 7), (499, 7), (500, 8),
    ]
    for (sessions, index) in expected { #expect(loyaltyIndex(sessions) == index) }
    var recount = try recount()
    var item = Item(device: "a", milliseconds: 1_741_933_800_000)
    item.begin = true
    for _ in 0..<3 {
      recount.apply(item)
      item.milliseconds -= 86_400_000
    }
    let last = LocalTime(milliseconds: 1_741_933_800_000, zone: recount.zone).ordinal
    #expect(recount.loyalty.ranges["l"] == [0: 1, 1: 1, 2: 1])
    #expect(recount.loyalty.standing(last...last) == [0, 0, 1, 0, 0, 0, 0, 0, 0])
    #expect(recount.loyalty.standing(last - 9...last - 1) == [Int](repeating: 0, count: 9))
    #expect(recount.loyalty.users(last - 1...last - 1) == 1...1)
  }

  @Test("Units of 1e-5 are written as short decimals")
  func decimals() {
    #expect([1_998_000, -1_000, 100_000, 1].map(decimal) == ["19.98", "-0.01", "1", "0.00001"])
  }
}
