import Foundation
import GRDB
import Testing

@testable import Store

@Suite("How long a snapshot is kept") struct ReadLimitTests {
  private static let limit = Duration.milliseconds(300)

  private func fixture(limit: Duration = Self.limit) throws -> StoreFixture {
    var tuning = StoreTuning()
    tuning.readLimit = limit
    let fixture = try StoreFixture(tuning: tuning)
    try write(1, to: fixture)
    return fixture
  }

  private func write(_ byte: UInt8, to fixture: StoreFixture) throws {
    try fixture.set.setDocument(
      plugin: 1, app: 1, collection: "c", key: Array("k".utf8), [byte], documentLimit: 10)
    try fixture.flush()
  }

  private func read(_ snapshot: Snapshot) throws -> [UInt8]? {
    try snapshot.document(plugin: 1, app: 1, collection: "c", key: "k")
  }

  /// Whether the write-ahead log can begin anew: no reader asks for any of its pages.
  private func isLogFree(_ fixture: StoreFixture) throws -> Bool {
    try fixture.store.pool.writeWithoutTransaction { db in
      try Int.fetchOne(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") == 0
    }
  }

  private func wait(for condition: () throws -> Bool) throws {
    let end = ContinuousClock.now + .seconds(20)
    while try !condition(), .now < end { Thread.sleep(forTimeInterval: 0.01) }
  }

  @Test("A reader that does not end loses its view, and the log with it nothing")
  func hanging() throws {
    let fixture = try fixture()
    try fixture.store.pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA busy_timeout=1") }
    #expect(throws: StoreError.self) {
      try fixture.store.read { snapshot in
        #expect(try read(snapshot) == [1])
        try write(2, to: fixture)
        #expect(try !isLogFree(fixture))
        #expect(try read(snapshot) == [1])
        try wait { fixture.store.readsCut == 1 }
        #expect(try isLogFree(fixture))
        do { _ = try read(snapshot) } catch let error as StoreError {
          #expect(error.code == .cut)
          throw error
        }
      }
    }
    #expect(fixture.store.readsCut == 1)
    #expect(try fixture.store.read(read) == [2])
  }

  @Test("A query that runs too long is interrupted")
  func interrupted() throws {
    let fixture = try fixture()
    let endless = """
      WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n
      """
    let begun = ContinuousClock.now
    let error = #expect(throws: StoreError.self) {
      try fixture.store.read { _ = try ReadStatement($0.transaction, endless).integer([]) }
    }
    #expect(error?.code == .cut)
    #expect(.now - begun >= Self.limit)
    try wait { fixture.store.readsCut == 1 }
    #expect(fixture.store.readsCut == 1)
    #expect(try fixture.store.read(read) == [1])
  }

  @Test("Readers that end in time are left alone, many at once and one behind the other")
  func inTime() throws {
    // No reader takes as long as that on the busiest machine; all together do.
    let limit = Duration.seconds(2)
    let fixture = try fixture(limit: limit)
    let (store, end) = (fixture.store, ContinuousClock.now + limit * 1.2)
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      while .now < end {
        let found = try? store.read { snapshot in
          Thread.sleep(forTimeInterval: 0.01)
          return try snapshot.document(plugin: 1, app: 1, collection: "c", key: "k")
        }
        #expect(found == [1])
      }
    }
    #expect(store.readsCut == 0)
  }
}
