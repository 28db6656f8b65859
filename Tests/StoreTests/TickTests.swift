import Testing

@testable import Store

@Suite("Points of a chart")
struct TickTests {
  private let users = ExampleMetrics.users

  private struct Tick {
    let name: String
    let measures: [Int64]
  }

  private func ticks(
    _ fixture: ReadingFixture, _ text: String, value: String? = nil
  ) throws -> [Tick] {
    let chart = try fixture.read {
      try $0.chart(
        users, app: 1, dimension: value == nil ? nil : "cc", value: value,
        period: .at("2025-03-14", text))
    }
    var ticks: [Tick] = []
    chart.forEach { name, measures in
      ticks.append(Tick(name: name, measures: Array(measures)))
      return true
    }
    return ticks
  }

  @Test("Days come in order, those without anything too, over the end of a month")
  func days() throws {
    let fixture = try ReadingFixture()
    let series = try fixture.series(users)
    try fixture.counter(series, .day, ordinal("2025-02-28"), [3, 1, 2])
    try fixture.counter(series, .day, ordinal("2025-03-02"), [5, 0, 4])
    try fixture.counter(series, .day, ordinal("2025-03-03"), [9, 9, 9])
    let found = try ticks(fixture, "[\"27-02-2025\",\"02-03-2025\"]")
    #expect(found.map(\.name) == ["2025-2-27", "2025-2-28", "2025-3-1", "2025-3-2"])
    #expect(found.map { $0.measures[0] } == [0, 3, 0, 5])
    #expect(found.map { $0.measures[2] } == [0, 2, 0, 4])
  }

  @Test("A day has its hours, a year its months, and long ranges months too")
  func grains() throws {
    let fixture = try ReadingFixture()
    let series = try fixture.series(users)
    try fixture.counter(series, .hour, ordinal("2025-03-14") * 24 + 9, [2, 0, 1])
    try fixture.counter(series, .month, 202_412, [4, 0, 0])
    try fixture.counter(series, .month, 202_502, [7, 0, 0])
    let hours = try ticks(fixture, "hour")
    #expect(hours.count == 24 && hours[9].name == "2025-3-14 9" && hours[9].measures[0] == 2)
    let months = try ticks(fixture, "month")
    #expect(months.count == 12 && months[1].name == "2025-2" && months[1].measures[0] == 7)
    let long = try ticks(fixture, "[\"01-12-2021\",\"14-03-2025\"]")
    #expect(long.count == 40 && long.first?.name == "2021-12" && long.last?.name == "2025-3")
    #expect(long[36].measures[0] == 4 && long[38].measures[0] == 7)
  }

  @Test("A value has days, where its total has hours")
  func values() throws {
    let fixture = try ReadingFixture()
    let series = try fixture.series(users, dimension: "cc", value: "DE")
    try fixture.counter(series, .day, ordinal("2025-03-14"), [6, 0, 1])
    let found = try ticks(fixture, "hour", value: "DE")
    #expect(found.map(\.name) == ["2025-3-14"])
    #expect(found.map { $0.measures[0] } == [6])
    #expect(try ticks(fixture, "hour", value: "FR").map { $0.measures[0] } == [0])
  }
}
