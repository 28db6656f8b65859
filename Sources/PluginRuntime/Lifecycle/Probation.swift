/// Watches new code through its first minute: what fails more often than the code before it goes.
package struct Probation: Sendable {
  package static let seconds = 60.0
  /// Fewer failures say nothing.
  package static let errorsMin = 3
  /// Failures of a hundred calls that nobody minds.
  package static let toleratedPercent = 1.0
  /// How many times the old code's rate is too much.
  package static let factor = 2.0

  /// What the first minute has shown so far.
  package enum Verdict: Equatable, Sendable {
    case goesOn
    case passed
    case failed(String)
  }

  let began: Double
  private let oldRate: Double

  /// `calls` and `errors` are those of the code that was replaced.
  package init(began: Double, calls: Int, errors: Int) {
    self.began = began
    oldRate = Self.percent(errors, of: calls)
  }

  /// Judges the calls and errors of the new code since it began.
  package func judge(now: Double, calls: Int, errors: Int) -> Verdict {
    let rate = Self.percent(errors, of: calls)
    if errors >= Self.errorsMin, rate > max(Self.toleratedPercent, oldRate * Self.factor) {
      return .failed(
        "\(errors) of its first \(calls) calls failed; the code before it failed in "
          + "\((oldRate * 10).rounded() / 10) of 100")
    }
    return now - began >= Self.seconds ? .passed : .goesOn
  }

  private static func percent(_ errors: Int, of calls: Int) -> Double {
    calls == 0 ? 0 : Double(errors) * 100 / Double(calls)
  }
}
