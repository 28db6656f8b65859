import Testing

@testable import Host
@testable import Journal
@testable import Store

@Suite struct VerifyReportTests {
  private func report(
    _ journal: JournalReport = JournalReport(), ledger: [(UInt32, String, Int64)] = [],
    problems: [String] = []
  ) -> VerifyReport {
    let counts = StoreCounts(
      users: 3, series: 4, counters: 5, rawRows: 6, deadLetters: 1,
      ledger: ledger.map { StoreCounts.LedgerLine(app: $0.0, reason: $0.1, items: $0.2) },
      consumers: [.init(plugin: "", position: 40), .init(plugin: "views", position: 39)])
    return VerifyReport(journal, store: counts, position: 40, problems: problems)
  }

  @Test("An empty journal and balanced books are sound")
  func sound() {
    let report = report(ledger: [
      (1, "accepted", 10), (1, "stored", 7), (1, "duplicate", 3), (1, "dead-letter", 2),
      (2, "accepted", 1), (2, "stored", 1),
    ])
    #expect(report.isSound)
    #expect(report.store.items == ["accepted": 11, "stored": 8, "duplicate": 3, "dead-letter": 2])
    #expect(report.store.consumers == ["views": 39])
    #expect(report.description.hasSuffix("\nsound"))
  }

  @Test("An item for which nothing accounts is damage")
  func unbalanced() {
    let report = report(ledger: [(2, "accepted", 10), (2, "stored", 8), (2, "duplicate", 1)])
    #expect(report.damages == ["app 2: 10 items were accepted, 9 are accounted for"])
    #expect(!report.isSound)
    #expect(report.description.contains("\ndamage: app 2: "))
  }

  @Test("Names that were over a limit are no items, and no damage")
  func limits() {
    let report = report(ledger: [
      (1, "accepted", 2), (1, "stored", 2), (1, "limit:value", 5), (1, "limit:document", 1),
      (1, "time:future", 3),
    ])
    #expect(report.damages == [])
  }

  @Test("A cut tail and unused positions are notes, lost positions and broken bytes are damage")
  func journal() {
    var journal = JournalReport()
    journal.tails = [.init(file: "a", offset: 10, bytes: 20)]
    journal.gaps = [
      .init(positions: 5...5, reason: .unused), .init(positions: 7...9, reason: .lost),
    ]
    journal.damages = [
      .init(file: "b", offset: 1, bytes: 2, positions: 7...9, wasDurable: true, quarantine: nil)
    ]
    let report = report(journal, problems: ["tally.db: row missing"])
    #expect(
      report.notes == [
        "a: 20 bytes at 10 were never answered as kept; the next start cuts them",
        "positions 5 were never used",
      ])
    #expect(
      report.damages == [
        "b: 2 bytes at 1 are not what was written; positions 7 to 9 are lost",
        "the requests of positions 7 to 9 are lost", "store: tally.db: row missing",
      ])
  }

  @Test("What the journal holds beyond the store is pending")
  func pending() {
    var journal = JournalReport()
    journal.segments = [
      .init(
        file: "a", fileBytes: 9, groups: 2, entries: 13, firstPosition: 30, lastPosition: 42)
    ]
    #expect(report(journal).pending == 2)
    #expect(report().pending == 0)
  }
}
