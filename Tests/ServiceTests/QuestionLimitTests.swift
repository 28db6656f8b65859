import TestThreads
import Testing

@testable import Host

@Suite(.ownThread) struct QuestionLimitTests {
  @Test("A question that reads for too long is answered so, and the next one as ever")
  func tooLong() throws {
    let stand = try Stand(slow, configure: { $0.limits.readSecondsMax = 1 })
    #expect(stand.ask(["method": "slow"]) == (200, "{}{}"))
    let late = stand.ask(["method": "slow", "ms": "2500"])
    #expect(late == (504, #"{"result":"Reading took too long; ask about less"}"#))
    #expect(stand.core.store.readsCut == 1)
    #expect(stand.ask(["method": "slow"]) == (200, "{}{}"))
  }
}
