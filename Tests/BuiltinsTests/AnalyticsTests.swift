import Testing

@testable import Builtins

/// Numbers as analytics say them.
@Suite struct AnalyticsTests {
  private func bars(_ values: [Int64]) -> [(String, Int64, String)] {
    Bars(values.enumerated().map { (name: "v\($0.offset)", value: $0.element) }).bars
      .map { ($0.name, $0.value, $0.percent.text) }
  }

  private func percents(_ values: [Int64]) -> [String] { bars(values).map(\.2) }

  @Test(
    "Shares of the largest three make a hundred, whatever rounding does",
    arguments: [
      ([2, 1], ["66.7", "33.3"]), ([1, 1], ["50.0", "50.0"]), ([5], ["100.0"]),
      // 33.3 each lacks 0.1, which the first gets.
      ([1, 1, 1], ["33.4", "33.3", "33.3"]),
      // 71.43 14.29 14.29 are 71.4 14.3 14.3.
      ([5, 1, 1], ["71.4", "14.3", "14.3"]),
      // 0.55, 0.55, 98.9 round up to 100.1: the last gives it back.
      ([1_978, 11, 11], ["98.9", "0.6", "0.5"]),
      ([9, 8, 7, 6], ["37.5", "33.3", "29.2"]), ([0, 0], []),
    ] as [([Int64], [String])])
  func shares(values: [Int64], expected: [String]) {
    #expect(percents(values) == expected)
  }

  @Test("Of equal values the one that came first stands first")
  func ties() {
    #expect(bars([3, 7, 3, 7, 3]).map(\.0) == ["v1", "v3", "v0"])
  }

  @Test(
    "A change is a percentage, or says that there was nothing, or is nothing",
    arguments: [
      (0, 0, "NA", false), (5, 0, "NA", false), (0, 5, "∞", true), (3, 1, "200.0%", false),
      (1, 3, "-66.7%", true), (2, 2, "0.0%", false), (1_001, 1_000, "0.1%", false),
    ] as [(Double, Double, String, Bool)])
  func changes(now: Double, before: Double, text: String, isDown: Bool) {
    let change = Change(now, before: before)
    #expect(change.text == text && change.isDown == isDown)
  }

  @Test(
    "A span is said in the unit it is long enough for",
    arguments: [
      (0, "0.0 min"), (20, "0.3 min"), (60, "1.0 min"), (3_599, "60.0 min"), (3_600, "1.0 hours"),
      (86_399, "24.0 hours"), (86_400, "1.0 days"), (8_553_599, "99.0 days"),
      (8_553_600, "0.3 years"),
    ] as [(Double, String)])
  func spans(seconds: Double, text: String) {
    #expect(SpanText(seconds: seconds).text == text)
  }

  @Test("Points of a chart have names for people")
  func ticks() {
    #expect(TickName("2025-3-4").text == "4 Mar")
    #expect(TickName("2025-12").text == "Dec")
    #expect(TickName("2025-3-4 9").text == "09:00")
    #expect(TickName("2025-3-4 9").date == "4 Mar")
    #expect(TickName("").text == "")
  }

  @Test("Countries have their names, and what is none keeps its own")
  func countries() {
    #expect(CountryNames.name(of: "DE") == "Germany")
    #expect(CountryNames.name(of: "TR") == "Turkey")
    #expect(CountryNames.name(of: "Unknown") == "Unknown")
  }
}
