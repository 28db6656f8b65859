import FakeHost
import PluginABI
import Testing

@testable import Builtins

struct LoyaltyTests {
  private let host: FakeHost
  private let begin: Value = ["begin_session": "1"]
  private static let day: Double = 86_400

  init() {
    host = FakeHost()
    #expect(host.start(tallyPluginUsers()) == nil)
    #expect(host.start(tallyPluginSessions()) == nil)
  }

  private var sessions: [String: Int64] { positive("t") }
  private var users: [String: Int64] { positive("users") }

  private func positive(_ measure: String) -> [String: Int64] {
    host.values("loyalty", "l", measure: measure).filter { $0.value != 0 }
  }

  @Test("Ranges of loyalty begin where clients expect them")
  func ranges() {
    let first: [(UInt32, Int)] = [
      (1, 0), (2, 1), (3, 2), (5, 2), (6, 3), (9, 3), (10, 4), (19, 4), (20, 5), (49, 5), (50, 6),
      (99, 6), (100, 7), (499, 7), (500, 8), (.max, 8),
    ]
    for (sessions, range) in first {
      #expect(SessionRules.loyalty(sessions) == range, "\(sessions) sessions")
    }
  }

  @Test("Each session counts in the range its user has reached, each user in one range")
  func climbing() {
    for session in 0..<6 { host.accept(FakeItem(begin, seconds: Double(session) * Self.day)) }
    host.accept(FakeItem(begin, user: 2))
    #expect(sessions == ["0": 2, "1": 1, "2": 3, "3": 1])
    #expect(users == ["0": 1, "3": 1])
  }

  @Test("A session that goes on is no other session")
  func extended() {
    host.accept(FakeItem(begin), FakeItem(["end_session": "1"], seconds: 5))
    host.accept(FakeItem(begin, seconds: 10))
    #expect(sessions == ["0": 1])
    #expect(users == ["0": 1])
  }

  @Test("A late session moves its user to the next range, on the day of the last one")
  func late() {
    host.accept(FakeItem(begin, seconds: 3 * Self.day))
    host.accept(FakeItem(begin))
    #expect(sessions == ["0": 1, "1": 1])
    #expect(users == ["1": 1])
    #expect(usersByDay() == [3: 1])
  }

  @Test("In any order of arrival each user stands once, on the day of the last session")
  func anyOrder() {
    var state: UInt64 = 4
    func random(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    var counts: [Int: UInt32] = [:]
    var last: [Int: Int] = [:]
    for _ in 0..<400 {
      let (user, day) = (random(30) + 1, random(40))
      host.accept(FakeItem(begin, user: UInt64(user), seconds: Double(day) * Self.day))
      counts[user, default: 0] += 1
      last[user] = max(last[user] ?? 0, day)
    }
    let ranges = Dictionary(grouping: counts.values) { "\(SessionRules.loyalty($0))" }
    #expect(users == ranges.mapValues { Int64($0.count) })
    #expect(usersByDay() == Dictionary(grouping: last.values) { $0 }.mapValues { Int64($0.count) })
    #expect(sessions.values.reduce(0, +) == 400)
  }

  /// Users by the day of their last session, counted from the first item's.
  private func usersByDay() -> [Int: Int64] {
    let first = Int(FakeItem.noon / 86_400_000)
    var days: [Int: Int64] = [:]
    for (bucket, numbers) in host.store.counters
    where bucket.series.dimension == "l" && bucket.grain == TALLY_GRAIN_DAY {
      days[Int(bucket.bucket) - first, default: 0] += numbers["users"] ?? 0
    }
    return days.filter { $0.value != 0 }
  }
}
