import Logging
import Store
import Synchronization
import TestThreads
import Testing

import enum Harness.Patience

@testable import Host

/// What the host does by itself.
@Suite(.serialized, .ownThread) struct HousekeepingTests {
  private static let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  private struct Failure: Error, CustomStringConvertible { let description = "the disk is full" }

  @Test("Each job is done at the start and when it is woken, whatever becomes of those before it")
  func rounds() throws {
    let turns = Mutex(0)
    let keeping = Housekeeping(
      [
        .init(name: "fails") { throw Failure() },
        .init(name: "counts") {
          turns.withLock { turns in
            turns += 1
            return turns * 10
          }
        },
      ], log: Self.log)
    #expect(keeping.records.map(\.runs.count) == [0, 0])
    keeping.start()
    #expect(Patience.wait { keeping.records[1].runs.first?.done == 10 })
    keeping.wake()
    #expect(Patience.wait { keeping.records[1].runs.first?.done == 20 })
    keeping.stop()
    let (fails, counts) = (keeping.records[0], keeping.records[1])
    #expect(counts.runs.map(\.number) == [2, 1] && counts.runs.map(\.done) == [20, 10])
    #expect(fails.runs.map(\.error) == ["the disk is full", "the disk is full"])
    for run in fails.runs + counts.runs {
      #expect(run.finishedMs >= run.startedMs && run.startedMs > 0)
    }
    #expect(counts.nextMs - counts.runs[0].finishedMs >= 3_599_000)
  }

  @Test("So many times of a job are remembered, the newest")
  func bounds() throws {
    let keeping = Housekeeping([.init(name: "counts") { 0 }], log: Self.log)
    keeping.start()
    for number in 1...Housekeeping.runsMax + 3 {
      #expect(Patience.wait { keeping.records[0].runs.first?.finishedMs ?? 0 > 0 })
      #expect(Patience.wait { keeping.records[0].runs.first?.number == number })
      if number < Housekeeping.runsMax + 3 { keeping.wake() }
    }
    keeping.stop()
    #expect(keeping.records[0].runs.count == Housekeeping.runsMax)
  }

  @Test("Tokens that are over go, and no others")
  func tokens() throws {
    let stand = try Stand()
    let owner = try #require(try stand.core.store.member(username: "owner")).id
    for ttl in [0, 10, 1_000] as [Int64] {
      _ = try stand.core.tokens.make(NewToken(owner: owner, ttl: ttl), nowS: 100)
    }
    #expect(try stand.core.tokens.sweep(nowS: 109) == 0)
    #expect(try stand.core.tokens.sweep(nowS: 111) == 1)
    #expect(try stand.core.tokens.sweep(nowS: 111) == 0)
    #expect(try stand.core.store.tokens().map(\.ttl).sorted() == [0, 1_000])
    #expect(stand.core.tokens.tokens(of: owner).count == 2)
  }
}
