import Testing

@testable import Host

@Suite struct CatchUpBudgetTests {
  @Test("Under load plugins that are behind get the named share of time, and no more")
  func share() {
    var budget = CatchUpBudget(percent: 25)
    var (live, behind) = (Duration.zero, Duration.zero)
    for _ in 0..<1_000 {
      live += .milliseconds(1)
      guard let slice = budget.slice(afterLiveWork: .milliseconds(1), isIdle: false) else {
        continue
      }
      // A slice ends a little late, because it ends with a batch.
      let took = slice + .microseconds(300)
      behind += took
      budget.spend(took)
    }
    let share = behind / (behind + live)
    #expect(share > 0.22 && share < 0.26, "\(share)")
  }

  @Test("While nothing else is to be done, they get all of it")
  func idle() {
    var budget = CatchUpBudget(percent: 1)
    budget.spend(.seconds(5))
    #expect(budget.slice(afterLiveWork: .zero, isIdle: true) == CatchUpBudget.idleSlice)
  }
}
