import Testing

@testable import PluginRuntime

@Suite("New code's first minute")
struct ProbationTests {
  private let clean = Probation(began: 100, calls: 10_000, errors: 0)

  @Test("Code that does not fail passes after a minute")
  func passes() {
    #expect(clean.judge(now: 159, calls: 5_000, errors: 0) == .goesOn)
    #expect(clean.judge(now: 160, calls: 5_000, errors: 0) == .passed)
  }

  @Test("A few failures, or a small share of failures, say nothing")
  func tolerates() {
    #expect(clean.judge(now: 110, calls: 2, errors: 2) == .goesOn)
    #expect(clean.judge(now: 110, calls: 1_000, errors: 10) == .goesOn)
  }

  @Test("More than a hundredth is too much for code that replaces sound code")
  func fails() {
    #expect(
      clean.judge(now: 110, calls: 100, errors: 3)
        == .failed("3 of its first 100 calls failed; the code before it failed in 0.0 of 100"))
  }

  @Test("Code that replaces failing code may fail as often, not twice as often")
  func comparesWithOld() {
    let old = Probation(began: 0, calls: 100, errors: 10)
    #expect(old.judge(now: 10, calls: 100, errors: 20) == .goesOn)
    guard case .failed = old.judge(now: 10, calls: 100, errors: 21) else {
      Issue.record("21 of 100 is more than twice 10 of 100")
      return
    }
  }
}
