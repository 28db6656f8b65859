import Testing

@testable import PluginRuntime

@Suite("New code's first minute")
struct ProbationTests {
  private let clean = Probation(began: 100, old: reading(calls: 10_000))

  private static func reading(
    calls: Int, errors: Int = 0, hooks: (Int, UInt64) = (0, 0), reads: (Int, UInt64) = (0, 0)
  ) -> CallCounts.Reading {
    var reading = CallCounts.Reading()
    (reading.calls, reading.errors) = (calls, errors)
    (reading.hooks.calls, reading.hooks.p99) = hooks
    (reading.reads.calls, reading.reads.p99) = reads
    return reading
  }

  @Test("Code that does not fail passes after a minute")
  func passes() {
    #expect(clean.judge(now: 159, Self.reading(calls: 5_000, errors: 0)) == .goesOn)
    #expect(clean.judge(now: 160, Self.reading(calls: 5_000, errors: 0)) == .passed)
  }

  @Test("A few failures, or a small share of failures, say nothing")
  func tolerates() {
    #expect(clean.judge(now: 110, Self.reading(calls: 2, errors: 2)) == .goesOn)
    #expect(clean.judge(now: 110, Self.reading(calls: 1_000, errors: 10)) == .goesOn)
  }

  @Test("More than a hundredth is too much for code that replaces sound code")
  func fails() {
    #expect(
      clean.judge(now: 110, Self.reading(calls: 100, errors: 3))
        == .failed("3 of its first 100 calls failed; the code before it failed in 0.0 of 100"))
  }

  @Test("Code that replaces failing code may fail as often, not twice as often")
  func comparesWithOld() {
    let old = Probation(began: 0, old: Self.reading(calls: 100, errors: 10))
    #expect(old.judge(now: 10, Self.reading(calls: 100, errors: 20)) == .goesOn)
    guard case .failed = old.judge(now: 10, Self.reading(calls: 100, errors: 21)) else {
      Issue.record("21 of 100 is more than twice 10 of 100")
      return
    }
  }

  private static let millisecond: UInt64 = 1_000_000

  @Test("Batches or answers that take three times as long, and 20 ms longer, are too slow")
  func slower() {
    let old = Probation(
      began: 0,
      old: Self.reading(
        calls: 500, hooks: (200, 2 * Self.millisecond), reads: (200, 20 * Self.millisecond)))
    #expect(
      old.judge(now: 10, Self.reading(calls: 200, hooks: (200, 23 * Self.millisecond)))
        == .failed("99 of 100 batches took up to 23.0 ms; with the code before it 2.0 ms"))
    #expect(
      old.judge(now: 10, Self.reading(calls: 200, reads: (200, 61 * Self.millisecond)))
        == .failed("99 of 100 answers took up to 61.0 ms; with the code before it 20.0 ms"))
  }

  @Test("Few calls, a small difference and one that is large but small in comparison say nothing")
  func slowerTolerates() {
    let old = Probation(
      began: 0,
      old: Self.reading(
        calls: 500, hooks: (200, 2 * Self.millisecond), reads: (200, 20 * Self.millisecond)))
    for new in [
      Self.reading(calls: 199, hooks: (199, 900 * Self.millisecond)),
      Self.reading(calls: 200, hooks: (200, 22 * Self.millisecond)),
      Self.reading(calls: 200, reads: (200, 60 * Self.millisecond)),
    ] { #expect(old.judge(now: 10, new) == .goesOn) }
    let few = Probation(began: 0, old: Self.reading(calls: 199, hooks: (199, 1)))
    let slow = Self.reading(calls: 900, hooks: (900, 900 * Self.millisecond))
    #expect(few.judge(now: 10, slow) == .goesOn)
  }
}
