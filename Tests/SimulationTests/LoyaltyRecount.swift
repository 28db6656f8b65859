/// How sessions spread over ranges, and which users came on which days, counted again.
struct LoyaltyRecount {
  /// By histogram and range: sessions.
  private(set) var ranges: [String: [Int: Int]] = [:]
  private var sessions: [String: Int] = [:]
  private var days: [String: Set<Int>] = [:]
  private var standings: [String: Standing] = [:]
  /// Where users were counted who are others now.
  private var left: [Standing] = []
  private var successors: [String: String] = [:]

  /// The range in which a user is counted, and the day of the last session.
  private struct Standing {
    let range: Int
    let day: Int
  }

  mutating func begin(_ person: Person, _ time: LocalTime) {
    let user = person.name
    sessions[user, default: 0] += 1
    // Who came under another name that day is there already.
    if !person.names.contains(where: { days[$0]?.contains(time.ordinal) == true }) {
      days[user, default: []].insert(time.ordinal)
    }
    let range = loyaltyIndex(sessions[user] ?? 0)
    add("l", range, 1)
    standings[user] = Standing(
      range: range, day: max(standings[user]?.day ?? time.ordinal, time.ordinal))
  }

  /// Two users are one: of both the one whose session was later goes on, and the other stays counted
  /// where it was.
  mutating func merge(_ old: String, into new: String, isLater: Bool) {
    sessions[new, default: 0] += sessions[old] ?? 0
    sessions[old] = nil
    successors[old] = new
    guard let moved = standings.removeValue(forKey: old) else { return }
    guard let kept = standings[new] else {
      standings[new] = moved
      return
    }
    standings[new] = isLater ? moved : kept
    left.append(isLater ? kept : moved)
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

  /// Users who had a session on one of the days. Whoever was merged has days under several names, of
  /// which a range counts all, or fewer where its weeks or months know better: one at the least.
  func users(_ range: ClosedRange<Int>) -> ClosedRange<Int> {
    let names = days.filter { _, days in days.contains { range.contains($0) } }.keys
    return Set(names.map(successor)).count...names.count
  }

  private func successor(_ user: String) -> String {
    var name = user
    while let next = successors[name] { name = next }
    return name
  }

  /// By range of loyalty, users whose last session lies on one of the days.
  func standing(_ range: ClosedRange<Int>) -> [Int] {
    var users = [Int](repeating: 0, count: 9)
    for standing in standings.values + left where range.contains(standing.day) {
      users[standing.range] += 1
    }
    return users
  }
}

/// The place of a number of sessions among the ranges of loyalty.
func loyaltyIndex(_ sessions: Int) -> Int {
  [1, 2, 5, 9, 19, 49, 99, 499].firstIndex { sessions <= $0 } ?? 8
}
