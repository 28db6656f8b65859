import Foundation
import PluginTestKit
import Testing

/// Documents of sessions at moments that a clock on the wall cannot be asked for.
struct CalendarAnswersTests {
  private static let begin: TestValue = ["begin_session": 1]

  private func host(_ timezone: String = "Europe/Istanbul") throws -> TestHost {
    var options = TestHost.Options()
    options.timezone = timezone
    return try TestHost([], options: options)
  }

  private func session(_ user: UInt64, at seconds: Int64) -> TestItem {
    TestItem(Self.begin, user: user, seconds: Double(seconds - TestItem.noon / 1_000))
  }

  /// The document without its lists.
  private func users(_ host: TestHost, _ more: [String: String] = [:]) throws -> String {
    let asked = ["method": "users"].merging(more) { _, new in new }
    let body = try host.ask(asked).body
    return body.range(of: ",\"meta\"").map { body[..<$0.lowerBound] + "}" } ?? body
  }

  @Test("The protocol's vectors: hours, days and weeks of Istanbul")
  func vectors() throws {
    let one = try host()
    try one.accept(session(1, at: 1_717_243_200))
    let june = try users(one)
    #expect(june.contains(#"{"2024":{"6":{"1":{"15":{"t":1,"n":1,"u":1,"e":1},"t":1"#), "\(june)")
    #expect(june.contains(#""w22":{"u":1,"#), "\(june)")
    let two = try host()
    try two.accept(session(1, at: 1_735_678_799), session(2, at: 1_735_682_400))
    let newYear = try users(two)
    #expect(newYear.contains(#"{"2024":{"12":{"31":{"23":{"t":1"#), "\(newYear)")
    #expect(newYear.contains(#""w53":{"u":1,"#), "\(newYear)")
    #expect(newYear.contains(#""2025":{"1":{"1":{"1":{"t":1"#), "\(newYear)")
    #expect(newYear.contains(#""w1":{"u":1,"#), "\(newYear)")
  }

  @Test("Clocks put forward and back: a day has the hours its people lived")
  func summerTime() throws {
    // Berlin, 2024-10-27: 02:30 comes twice. 2025-03-30: 02:30 does not come.
    let berlin = try host("Europe/Berlin")
    try berlin.accept(
      session(1, at: 1_729_989_000), session(2, at: 1_729_992_600), session(3, at: 1_729_996_200))
    let back = try users(berlin)
    #expect(back.contains(#""27":{"2":{"t":2,"n":2,"u":2,"e":2},"3":{"t":1"#), "\(back)")
    let spring = try host("Europe/Berlin")
    try spring.accept(session(1, at: 1_743_294_600), session(2, at: 1_743_298_200))
    let forward = try users(spring)
    #expect(forward.contains(#""30":{"1":{"t":1,"n":1,"u":1,"e":1},"3":{"t":1"#), "\(forward)")
  }

  @Test("A refresh answers today alone, and the uniques of the buckets today lies in")
  func refresh() throws {
    let host = try host()
    try host.accept(session(1, at: 1_717_243_200), session(2, at: 1_717_243_200))
    try host.accept(session(1, at: 1_717_329_600))
    let today = try users(host, ["action": "refresh"])
    #expect(
      today
        == #"{"2024":{"6":{"2":{"15":{"t":1,"u":1,"e":1},"t":1,"u":1,"e":1,"f":{"2":1},"#
        + #""ds":{"0":1},"Unknown":{"t":1,"u":1}},"u":2,"Unknown":{"u":2}},"u":2,"Unknown":{"u":2},"#
        + #""w22":{"u":2,"f":{"0":2,"2":1},"ds":{"0":1},"Unknown":{"u":2}}}}"#)
    #expect(try users(host) != today)
  }
}
