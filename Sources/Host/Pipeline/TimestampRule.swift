/// What a client's time is taken for: ten digits are seconds, thirteen are milliseconds, anything
/// else is none; never later than when the request was received, never older than what is kept.
struct TimestampRule {
  /// A time, and whether it had to be moved.
  struct Verdict: Equatable {
    var ms: Int64
    var moved: Moved = .not
  }

  enum Moved: Equatable {
    case not
    /// It lay in the future and is now the time of receipt.
    case fromFuture
    /// It was older than raw retention and is now its edge.
    case fromPast
    /// It was no time at all and is now that of whatever it belongs to.
    case fromNowhere
  }

  private static let msPerDay: Int64 = 24 * 3_600_000
  /// Of a month, so that nothing within that many calendar months is ever moved.
  private static let daysPerMonth: Int64 = 31

  /// How far back a time may lie.
  let retentionMs: Int64

  init(retentionMonths: Int) {
    retentionMs = Int64(max(retentionMonths, 1)) * Self.daysPerMonth * Self.msPerDay
  }

  /// What stands for a text that is no number.
  static let unreadable = LooseNumber.whole(0)

  /// The time `sent` stands for; `otherwise` where there is none, or it stands for none.
  @inline(__always)
  func judge(_ sent: LooseNumber?, receivedMs: Int64, otherwise: Int64) -> Verdict {
    guard let sent else { return Verdict(ms: otherwise) }
    guard let ms = Self.milliseconds(sent) else {
      return Verdict(ms: otherwise, moved: .fromNowhere)
    }
    if ms > receivedMs { return Verdict(ms: receivedMs, moved: .fromFuture) }
    let edge = receivedMs - retentionMs
    return ms < edge ? Verdict(ms: edge, moved: .fromPast) : Verdict(ms: ms)
  }

  private static let seconds: Range<Int64> = 1_000_000_000..<10_000_000_000
  private static let milliseconds: Range<Int64> = 1_000_000_000_000..<10_000_000_000_000

  @inline(__always)
  private static func milliseconds(_ sent: LooseNumber) -> Int64? {
    switch sent {
    case .whole(let value):
      if milliseconds.contains(value) { return value }
      return seconds.contains(value) ? value * 1_000 : nil
    case .decimal(let value):
      guard value > 0, value < Double(milliseconds.upperBound) else { return nil }
      let whole = Int64(value)
      if milliseconds.contains(whole) { return whole }
      // To the nearest, because no fraction of decimal digits is exact.
      return seconds.contains(whole) ? Int64((value * 1_000).rounded()) : nil
    }
  }
}
