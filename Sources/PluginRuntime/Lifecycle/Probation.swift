/// Watches new code through its first minute: what fails more often, or takes much longer, than the
/// code before it goes.
package struct Probation: Sendable {
  package static let seconds = 60.0
  /// Fewer failures say nothing.
  package static let errorsMin = 3
  /// Failures of a hundred calls that nobody minds.
  package static let toleratedPercent = 1.0
  /// How many times the old code's rate is too much.
  package static let factor = 2.0
  /// Calls of both, below which their durations say nothing.
  package static let callsMin = 200
  /// How many times the old code's duration is too much.
  package static let slowerFactor: UInt64 = 3
  /// What the new code may take longer in any case: a busy machine makes as much of a difference.
  package static let slowerNanosecondsMin: UInt64 = 20_000_000

  /// What the first minute has shown so far.
  package enum Verdict: Equatable, Sendable {
    case goesOn
    case passed
    case failed(String)
  }

  let began: Double
  private let old: CallCounts.Reading

  /// `old` is what became of the code that was replaced.
  package init(began: Double, old: CallCounts.Reading) {
    self.began = began
    self.old = old
  }

  /// Judges what became of the new code since it began.
  package func judge(now: Double, _ new: CallCounts.Reading) -> Verdict {
    let oldRate = Self.percent(old.errors, of: old.calls)
    let rate = Self.percent(new.errors, of: new.calls)
    if new.errors >= Self.errorsMin, rate > max(Self.toleratedPercent, oldRate * Self.factor) {
      return .failed(
        "\(new.errors) of its first \(new.calls) calls failed; the code before it failed in "
          + "\((oldRate * 10).rounded() / 10) of 100")
    }
    if let reason = Self.slower(old.hooks, new.hooks, "batches")
      ?? Self.slower(old.reads, new.reads, "answers")
    {
      return .failed(reason)
    }
    return now - began >= Self.seconds ? .passed : .goesOn
  }

  private static func slower(
    _ old: CallCounts.Durations, _ new: CallCounts.Durations, _ what: String
  ) -> String? {
    guard old.calls >= callsMin, new.calls >= callsMin,
      new.p99 > old.p99 * slowerFactor, new.p99 - old.p99 > slowerNanosecondsMin
    else { return nil }
    return "99 of 100 \(what) took up to \(milliseconds(new.p99)) ms; with the code before it "
      + "\(milliseconds(old.p99)) ms"
  }

  private static func milliseconds(_ nanoseconds: UInt64) -> Double {
    (Double(nanoseconds) / 100_000).rounded() / 10
  }

  private static func percent(_ errors: Int, of calls: Int) -> Double {
    calls == 0 ? 0 : Double(errors) * 100 / Double(calls)
  }
}
