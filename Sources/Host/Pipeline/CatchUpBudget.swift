/// How much of the pipeline's time consumers that are behind may have: all of it while nothing else
/// is to be done, otherwise a named share. A value without a clock.
struct CatchUpBudget {
  /// Less is not worth the opening of files.
  static let sliceMin = Duration.milliseconds(2)
  /// What a long batch earns at most.
  static let creditMax = Duration.milliseconds(100)
  /// While the journal is empty, it is looked at again after so long.
  static let idleSlice = Duration.milliseconds(10)

  /// Of 100; below 100.
  let percent: Int
  private var credit = Duration.zero

  init(percent: Int) { self.percent = percent }

  /// How long a slice may take now, after live work that took so long; nil: none.
  mutating func slice(afterLiveWork took: Duration, isIdle: Bool) -> Duration? {
    if isIdle { return Self.idleSlice }
    credit = min(credit + took * percent / (100 - percent), Self.creditMax)
    return credit >= Self.sliceMin ? credit : nil
  }

  /// A slice took so long.
  mutating func spend(_ took: Duration) { credit = max(credit - took, .zero - Self.creditMax) }
}
