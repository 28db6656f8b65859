import Foundation
import Testing

@testable import Store

@Suite("A look at a store that changes nothing") struct StoreInspectionTests {
  private struct Interrupted: Error {}

  /// Every file with its bytes, but for the index of the log, which each reader may make.
  private func files(_ folder: String) throws -> [String: Data] {
    let names = try #require(FileManager.default.enumerator(atPath: folder)).compactMap {
      $0 as? String
    }
    return Dictionary(
      uniqueKeysWithValues: names.filter { !$0.hasSuffix("-shm") }.map {
        ($0, FileManager.default.contents(atPath: folder + "/" + $0) ?? Data())
      })
  }

  @Test("Raw rows of an interrupted commit are not counted and stay where they are")
  func interrupted() throws {
    let fixture = try StoreFixture()
    fixture.raw(position: 1)
    try fixture.flush()
    fixture.raw(position: 2)
    #expect(throws: StoreError.self) {
      try fixture.store.commit(fixture.set.takeFlush(through: 2, positions: [])) {
        if $0 == .betweenRawAndMain { throw Interrupted() }
      }
    }
    // A process that died there: its files, without what the running store then cleans up.
    let copy = fixture.directory + "-copy"
    defer { try? FileManager.default.removeItem(atPath: copy) }
    try FileManager.default.copyItem(atPath: fixture.directory, toPath: copy)
    let before = try files(copy)
    let inspection = try StoreInspection(directory: copy)
    #expect(try inspection.committedPosition() == 1)
    #expect(try inspection.counts().rawRows == 1)
    #expect(try inspection.damage() == [])
    #expect(try files(copy) == before)
  }

  @Test("A store that is open is seen as of its last commit")
  func beside() throws {
    let fixture = try StoreFixture()
    fixture.raw(position: 1)
    try fixture.flush()
    let inspection = try StoreInspection(directory: fixture.directory)
    #expect(try inspection.counts().position == 1)
    fixture.raw(position: 2)
    try fixture.flush()
    let counts = try inspection.counts()
    #expect(counts.position == 2)
    #expect(counts.rawRows == 2)
  }

  @Test("A folder without a store, and a file that is no store, are refused")
  func refused() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("tally-inspection-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    func refusal() -> StoreError.Code? {
      do {
        _ = try StoreInspection(directory: folder)
        return nil
      } catch { return error.code }
    }
    #expect(refusal() == .unreachable)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    try Data("not a database, but long enough to be looked at".utf8)
      .write(to: URL(fileURLWithPath: folder + "/tally.db"))
    #expect(refusal() == .foreign)
  }
}
