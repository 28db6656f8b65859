/// Whether requests wait for the intake hooks of a plugin. Decides only; the gate acts.
///
/// Nobody waits for a plugin that did not answer in time, until it has: what is shown to it until then
/// is shown for that alone, while the requests pass. And of all time at most one part in
/// `vainShare`, beyond a stock of `vainWindows` waits, is spent waiting for nothing, whatever the
/// plugin does in turn: so most requests never meet such a moment.
struct IntakeTrust {
  enum Admission {
    /// The request waits for what the hooks say.
    case wait
    /// The request passes; the hooks are asked whether they answer in time again.
    case probe
    /// The request passes.
    case pass
  }

  static let vainShare = 200
  static let vainWindows = 2

  /// The longest that a request waits.
  private let window: Duration
  /// How long requests may wait for nothing, as of `counted`.
  private var credit: Duration
  private var counted: ContinuousClock.Instant
  private var isTrusted = true

  init(window: Duration, at now: ContinuousClock.Instant) {
    self.window = window
    credit = window * Self.vainWindows
    counted = now
  }

  /// Requests come. `isIdle` when the plugin is asked nothing else, `isRunning` while there is a
  /// process to be asked.
  mutating func admit(
    at now: ContinuousClock.Instant, isIdle: Bool, isRunning: Bool
  ) -> Admission {
    refill(now)
    // To be started again takes longer than anybody should wait.
    if !isRunning { isTrusted = false }
    guard isTrusted else { return isIdle ? .probe : .pass }
    return credit >= window ? .wait : .pass
  }

  /// Somebody waited in vain.
  mutating func overran(at now: ContinuousClock.Instant, waited: Duration) {
    refill(now)
    credit = max(.zero, credit - waited)
    isTrusted = false
  }

  /// The plugin came back, after that long.
  mutating func returned(after time: Duration) { isTrusted = time <= window }

  private mutating func refill(_ now: ContinuousClock.Instant) {
    let earned = counted.duration(to: now) / Self.vainShare
    credit = min(window * Self.vainWindows, credit + max(.zero, earned))
    counted = now
  }
}
