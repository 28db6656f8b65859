import Foundation
import GRDB
import Testing

@testable import Store

@Suite struct CheckpointTests {
  private func walBytes(_ fixture: StoreFixture) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: fixture.store.path + "-wal")
    return try #require(attributes[.size] as? Int)
  }

  private func change(_ fixture: StoreFixture, round: Int) throws {
    for number in 0..<200 {
      try fixture.set.setDocument(
        plugin: 1, app: 1, collection: "c", key: Array("\(number)".utf8),
        [UInt8](repeating: UInt8(round % 256), count: 500), documentLimit: 1_000)
    }
    try fixture.flush()
    try fixture.store.checkpointIfDue()
  }

  private func tuning() -> StoreTuning {
    var tuning = StoreTuning()
    tuning.walPagesMax = 200
    return tuning
  }

  @Test("The write-ahead log stays near its limit, however much is written")
  func bounded() throws {
    let fixture = try StoreFixture(tuning: tuning())
    for round in 0..<40 { try change(fixture, round: round) }
    #expect(try walBytes(fixture) < 3 * 200 * tuning().pageBytes)
  }

  @Test(
    "A reader keeps its old view through checkpoints, and the log is bounded again when it is done")
  func reader() throws {
    let fixture = try StoreFixture(tuning: tuning())
    try change(fixture, round: 1)
    let reader = try SQLiteConnection(path: fixture.store.path, mode: .readOnly)
    try reader.execute("BEGIN")
    let sql = "SELECT hex(body) FROM document LIMIT 1"
    let before = try reader.text(sql)
    for round in 2..<20 { try change(fixture, round: round) }
    #expect(try reader.text(sql) == before)
    try reader.execute("COMMIT")
    #expect(try reader.text(sql) != before)
    for round in 20..<24 { try change(fixture, round: round) }
    #expect(try walBytes(fixture) < 3 * 200 * tuning().pageBytes)
  }

  @Test("Commits are synced in full and the page size is the chosen one")
  func settings() throws {
    let fixture = try StoreFixture()
    let (synchronous, pageBytes, mode) = try fixture.store.pool.writeWithoutTransaction { db in
      (
        try Int.fetchOne(db, sql: "PRAGMA synchronous"),
        try Int.fetchOne(db, sql: "PRAGMA page_size"),
        try String.fetchOne(db, sql: "PRAGMA journal_mode")
      )
    }
    #expect(synchronous == 2)
    #expect(pageBytes == StoreTuning().pageBytes)
    #expect(mode == "wal")
  }
}
