import Testing

@testable import Host

@Suite("Flush policy")
struct FlushPolicyTests {
  private let start = ContinuousClock.now
  private func policy() -> FlushPolicy {
    FlushPolicy(interval: .milliseconds(250), changedKeysMax: 20_000, now: start)
  }

  private func situation(
    after: Duration = .zero, uncommitted: Bool = true, keys: Int = 1, writing: Bool = false,
    wanted: Bool = false, asked: Bool = false
  ) -> FlushPolicy.Situation {
    .init(
      now: start + after, uncommitted: uncommitted, changedKeys: keys, writing: writing,
      wanted: wanted, asked: asked)
  }

  @Test("The first work of a quiet server is flushed at once")
  func quiet() {
    var policy = policy()
    let first = policy.decide(situation())
    #expect(first == .flush)
  }

  @Test("Work behind a flush gathers until the interval has passed")
  func busy() {
    var policy = policy()
    _ = policy.decide(situation())
    let gathering = policy.decide(situation(after: .milliseconds(100)))
    #expect(gathering == .gather(upTo: .milliseconds(150)))
    let due = policy.decide(situation(after: .milliseconds(250)))
    #expect(due == .flush)
  }

  @Test("Many changed keys or a waiting read bring the flush forward")
  func early() {
    var policy = policy()
    _ = policy.decide(situation())
    let full = policy.decide(situation(after: .milliseconds(1), keys: 20_000))
    #expect(full == .flush)
    let wanted = policy.decide(situation(after: .milliseconds(2), wanted: true))
    #expect(wanted == .flush)
    let asked = policy.decide(situation(after: .milliseconds(3), asked: true))
    #expect(asked == .flush)
  }

  @Test("Reads hurry small flushes always, large ones eight times and then every 250 ms")
  func hurry() {
    var policy = FlushPolicy(interval: .seconds(60), changedKeysMax: 80_000, now: start)
    _ = policy.decide(situation())
    let large = HurryBudget.smallKeys + 1
    var milliseconds = (0..<2_000).filter {
      policy.decide(situation(after: .milliseconds($0), keys: large, asked: true)) == .flush
    }
    #expect(milliseconds == Array(0..<8) + [250, 500, 750, 1_000, 1_250, 1_500, 1_750])
    let next = policy.decide(situation(after: .milliseconds(1_999), keys: large, asked: true))
    #expect(next == .gather(upTo: .milliseconds(1)))
    milliseconds = (2_000..<2_100).filter {
      policy.decide(situation(after: .milliseconds($0), keys: large - 1, asked: true)) == .flush
    }
    #expect(milliseconds == Array(2_000..<2_100))
    // What stands still does not pay.
    let held = policy.decide(situation(after: .milliseconds(2_100), keys: large, wanted: true))
    #expect(held == .flush)
  }

  @Test("While the writer works nothing is flushed; far over the limit the pipeline holds back")
  func writing() {
    var policy = policy()
    let work = policy.decide(situation(keys: 20_000, writing: true, wanted: true))
    #expect(work == .gather(upTo: .milliseconds(250)))
    let over = policy.decide(situation(keys: 40_000, writing: true))
    #expect(over == .holdBack)
  }

  @Test("Nothing uncommitted, nothing to flush")
  func nothing() {
    var policy = policy()
    let idle = policy.decide(situation(uncommitted: false, wanted: true))
    #expect(idle == .gather(upTo: .milliseconds(250)))
  }
}
