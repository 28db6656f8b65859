/// How sessions spread over ranges, and which users came on which days, counted again.
struct LoyaltyRecount {
  /// By histogram and range: sessions.
  private(set) var ranges: [String: [Int: Int]] = [:]
  private var sessions: [String: Int] = [:]
  private var days: [String: Set<Int>] = [:]

  mutating func begin(_ user: String, _ time: LocalTime) {
    sessions[user, default: 0] += 1
    days[user, default: []].insert(time.ordinal)
    add("l", loyaltyIndex(sessions[user] ?? 0), 1)
  }

  mutating func add(_ histogram: String, _ index: Int, _ amount: Int) {
    ranges[histogram, default: [:]][index, default: 0] += amount
  }

  /// The first and the last day on which anybody came.
  var span: ClosedRange<Int>? {
    let all = days.values.flatMap { $0 }
    guard let first = all.min(), let last = all.max() else { return nil }
    return first...last
  }

  /// Users who had a session on one of the days.
  func users(_ range: ClosedRange<Int>) -> Int {
    days.values.count { days in days.contains { range.contains($0) } }
  }

  /// By range of loyalty, users whose last session lies on one of the days.
  func standing(_ range: ClosedRange<Int>) -> [Int] {
    var users = [Int](repeating: 0, count: 9)
    for (user, days) in days where range.contains(days.max() ?? .min) {
      users[loyaltyIndex(sessions[user] ?? 0)] += 1
    }
    return users
  }
}

/// The place of a number of sessions among the ranges of loyalty.
func loyaltyIndex(_ sessions: Int) -> Int {
  [1, 2, 5, 9, 19, 49, 99, 499].firstIndex { sessions <= $0 } ?? 8
}
