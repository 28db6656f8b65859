/// When a plugin that keeps failing is given up, and how long a runner that died stays dead. Decides
/// only; the lane acts.
struct FaultWindow {
  /// Faults within `span` that quarantine a plugin. Deaths while one culprit is looked for are one
  /// fault.
  static let faultsMax = 3
  static let span = Duration.seconds(300)
  static let pauseFirst = Duration.milliseconds(10)
  static let pauseMax = Duration.seconds(1)

  private var faults: [ContinuousClock.Instant] = []
  private var deaths: [ContinuousClock.Instant] = []

  /// Notes a fault; true when it was one too many.
  mutating func fault(at now: ContinuousClock.Instant) -> Bool {
    Self.note(now, in: &faults)
    return faults.count >= Self.faultsMax
  }

  /// Notes a death; how long to wait before the next runner starts: twice as long each time.
  mutating func death(at now: ContinuousClock.Instant) -> Duration {
    Self.note(now, in: &deaths)
    let doublings = min(deaths.count - 1, 16)
    return min(Self.pauseFirst * (1 << doublings), Self.pauseMax)
  }

  private static func note(
    _ now: ContinuousClock.Instant, in list: inout [ContinuousClock.Instant]
  ) {
    list.removeAll { $0.duration(to: now) >= span }
    list.append(now)
  }
}
