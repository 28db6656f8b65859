/// Decides when uncommitted work goes to the store. A value without clock or I/O: it is told what
/// is, and says what to do.
///
/// Quiet server: at once, so that a request is visible within milliseconds. Busy server: every 250
/// ms or 20 000 changed keys, because the price of a flush is its pages, and a bigger flush shares
/// them. A waiting read brings the flush forward.
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
    /// A read waits for something that has been counted but not committed.
    var wanted: Bool
  }

  enum Decision: Equatable {
    case flush
    /// Take more from the journal, for at most this long.
    case gather(upTo: Duration)
    /// Too much is held: wait for the writer.
    case holdBack
  }

  private var lastFlush: ContinuousClock.Instant

  init(interval: Duration, changedKeysMax: Int, now: ContinuousClock.Instant) {
    self.interval = interval
    self.changedKeysMax = changedKeysMax
    lastFlush = now - interval
  }

  mutating func decide(_ situation: Situation) -> Decision {
    guard situation.uncommitted else { return .gather(upTo: interval) }
    if situation.writing {
      let held = situation.changedKeys >= changedKeysMax * Self.heldFactorMax
      return held ? .holdBack : .gather(upTo: interval)
    }
    let age = situation.now - lastFlush
    let due =
      age >= interval || situation.changedKeys >= changedKeysMax || situation.wanted
    guard due else { return .gather(upTo: interval - age) }
    lastFlush = situation.now
    return .flush
  }
}
