/// Decides when uncommitted work goes to the store. A value without clock or I/O: it is told what
/// is, and says what to do.
///
/// Quiet server: at once, so that a request is visible within milliseconds. Busy server: every 250
/// ms or 20 000 changed keys, because the price of a flush is its pages, and a bigger flush shares
/// them. A waiting read brings the flush forward: always a small one, a large one as far as
/// `HurryBudget` reaches, so that readers of a busy server do not cost it a flush each.
struct FlushPolicy {
  /// How often `changedKeysMax` may be held before the pipeline waits for the writer instead of
  /// gathering.
  static let heldFactorMax = 2

  let interval: Duration
  let changedKeysMax: Int

  /// What the pipeline sees at one moment.
  struct Situation {
    var now: ContinuousClock.Instant
    var uncommitted: Bool
    var changedKeys: Int
    /// A flush is being committed.
    var writing: Bool
    /// Something stands still until there is a commit.
    var wanted: Bool
    /// A read waits for something that has been counted but not committed.
    var asked: Bool
  }

  enum Decision: Equatable {
    case flush
    /// Take more from the journal, for at most this long.
    case gather(upTo: Duration)
    /// Too much is held: wait for the writer.
    case holdBack
  }

  private var lastFlush: ContinuousClock.Instant
  private var budget: HurryBudget

  init(interval: Duration, changedKeysMax: Int, now: ContinuousClock.Instant) {
    self.interval = interval
    self.changedKeysMax = changedKeysMax
    lastFlush = now - interval
    budget = HurryBudget(now: now)
  }

  mutating func decide(_ situation: Situation) -> Decision {
    guard situation.uncommitted else { return .gather(upTo: interval) }
    if situation.writing {
      let held = situation.changedKeys >= changedKeysMax * Self.heldFactorMax
      return held ? .holdBack : .gather(upTo: interval)
    }
    let age = situation.now - lastFlush
    let isDue = age >= interval || situation.changedKeys >= changedKeysMax || situation.wanted
    if !isDue {
      guard situation.asked else { return .gather(upTo: interval - age) }
      let wait = budget.wait(keys: situation.changedKeys, now: situation.now)
      guard wait == .zero else { return .gather(upTo: min(wait, interval - age)) }
    }
    lastFlush = situation.now
    return .flush
  }
}
