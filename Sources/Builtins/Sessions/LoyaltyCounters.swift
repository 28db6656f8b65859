import PluginKit

/// How loyal users are: sessions by how many their user had, and users by the same on the day of
/// their last session.
///
/// A user stands in one range of one day, and moves when the next session opens: one less there,
/// one more here. The sum over any days up to today is then exactly the users whose last session
/// lies in them, without looking at a single user.
struct LoyaltyCounters: Sendable {
  /// The places of its measures.
  static let sessions = 0
  static let users = 1

  static var dimension: Text { "l" }

  let metric: Metric

  init(_ registrar: borrowing Registrar) throws {
    metric = try registrar.metric(
      "loyalty", measures: [.sum("t", grains: [.day, .month]), .sum("users", grains: .day)],
      dimensions: [.inline("l", meta: "l-ranges", valueLimit: 9)])
  }

  func count(_ step: SessionStep, _ item: Item, _ effects: borrowing Effects) {
    let (before, after) = (step.loyaltyBefore, step.loyalty)
    let moves = before.map { $0.range != after.range || !$0.isSameDay(as: after) } ?? true
    let isLate = !after.isSameDay(as: .init(range: after.range, hour: item.hour))
    add(after.range, item.hour, sessions: 1, users: moves && !isLate ? 1 : 0, item, effects)
    guard moves else { return }
    if isLate { add(after.range, after.hour, sessions: 0, users: 1, item, effects) }
    if let before { add(before.range, before.hour, sessions: 0, users: -1, item, effects) }
  }

  private func add(
    _ range: Int, _ hour: Int32, sessions: Int64, users: Int64, _ item: Item,
    _ effects: borrowing Effects
  ) {
    TextBuffer.with(capacity: 4) { buffer in
      buffer.append(Int64(range))
      let series = metric.series(dimension: Self.dimension, value: buffer.text())
      effects.count(item, series, hour: hour, sessions, users)
    }
  }
}

extension SessionStep.Standing {
  fileprivate func isSameDay(as other: Self) -> Bool {
    // Hours before 1970 are negative, and no session is that old.
    hour / 24 == other.hour / 24
  }
}
