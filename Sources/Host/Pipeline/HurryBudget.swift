/// How often a waiting read may bring a large flush forward: some times at once, and then at a rate
/// at which the pages that flushes no longer share cost little. Reads that come faster wait as long
/// as reads do, and see the last commit.
struct HurryBudget {
  /// As many as some requests change; a flush of these costs little.
  static let smallKeys = 1_000
  /// What a large one costs, and how much is saved up at most.
  static let price = Duration.milliseconds(250)
  static let creditMax = Duration.seconds(2)

  private var credit = Self.creditMax
  private var creditedAt: ContinuousClock.Instant

  init(now: ContinuousClock.Instant) {
    creditedAt = now
  }

  /// Pays for a flush; or how long until it can be paid for.
  mutating func wait(keys: Int, now: ContinuousClock.Instant) -> Duration {
    guard keys > Self.smallKeys else { return .zero }
    credit = min(credit + (now - creditedAt), Self.creditMax)
    creditedAt = now
    guard credit >= Self.price else { return Self.price - credit }
    credit -= Self.price
    return .zero
  }
}
