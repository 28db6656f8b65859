import Foundation
import Harness
import Testing

@testable import Journal

@Suite("A failing disk")
struct FailureTests {
  /// Error numbers; 0 where the call works.
  struct Failing: Sendable {
    var write: Int32 = 0
    var sync: Int32 = 0

    static let all = [Failing(write: ENOSPC), Failing(write: EIO), Failing(sync: EIO)]
  }

  @Test(
    "A failed write or sync refuses the group and what is queued, then a new segment takes over",
    arguments: Failing.all)
  func failure(_ fails: Failing) throws {
    let folder = TestFolder()
    let disk = FaultyDisk()
    let journal = try Journal.open(.test(folder, disk: disk), storePosition: 0)
    journal.appendGroups(["kept one", "kept two"])
    let sink = TestSink()
    let number = journal.attach(sink)
    disk.failWrites(fails.write)
    disk.failSyncs(fails.sync)
    #expect(journal.append("refused", sink: number, token: 0) == .queued)
    #expect(sink.outcome(of: 0) == false)
    #expect(journal.admission() == .broken)
    #expect(journal.append("not even queued", sink: number, token: 1) == .broken)
    #expect(journal.durablePosition == 2)
    #expect(journal.statistics.failures == 1)
    #expect(journal.statistics.refusedBroken == 1)
    #expect(journal.statistics.lastFailure?.contains(folder.path) == true)
    #expect(try Journal.verify(directory: folder.path).entries == 2)

    disk.failWrites(0)
    disk.failSyncs(0)
    #expect(Patience.wait { journal.admission() == .queued })
    journal.appendGroups(["after"])
    let expected = numbered(["kept one", "kept two"]) + [.init(position: 4, text: "after")]
    #expect(try journal.entries() == expected)
    #expect(journal.statistics.segmentsOpened == 2)

    let killed = folder.copy()
    let again = try Journal.open(.test(killed), storePosition: 0)
    #expect(try again.entries() == expected)
    #expect(again.recovery.report.isSound)
    #expect(again.recovery.report.gaps == [.init(positions: 3...3, reason: .unused)])
  }

  @Test("A refused group that could not be cut off stays refused after a restart")
  func failedCut() throws {
    let folder = TestFolder()
    let disk = FaultyDisk()
    let journal = try Journal.open(.test(folder, disk: disk), storePosition: 0)
    journal.appendGroups(["kept"])
    let sink = TestSink()
    let number = journal.attach(sink)
    disk.failTruncates(EIO)
    disk.failSyncs(EIO)
    #expect(journal.append("refused", sink: number, token: 0) == .queued)
    #expect(sink.outcome(of: 0) == false)
    disk.failSyncs(0)
    #expect(Patience.wait { journal.admission() == .queued })
    journal.appendGroups(["after"])
    let killed = folder.copy()
    #expect(try Journal.verify(directory: killed.path).tails.count == 1)
    let again = try Journal.open(.test(killed), storePosition: 0)
    #expect(
      try again.entries() == [.init(position: 1, text: "kept"), .init(position: 3, text: "after")])
  }

  @Test("Everything that waits behind a failed sync is answered, once")
  func queuedBehindFailure() throws {
    let folder = TestFolder()
    let disk = FaultyDisk()
    var configuration = JournalConfiguration.test(folder, disk: disk)
    configuration.groupBytesMax = 64
    let journal = try Journal.open(configuration, storePosition: 0)
    let sink = TestSink()
    let number = journal.attach(sink)
    disk.hold()
    for token in UInt64(0)..<20 {
      #expect(journal.append("some twenty bytes...", sink: number, token: token) == .queued)
    }
    disk.waitUntilHeld()
    disk.failSyncs(EIO)
    disk.release()
    sink.waitForAll(20)
    #expect(sink.refused == Set(0..<20))
    disk.failSyncs(0)
    #expect(Patience.wait { journal.admission() == .queued })
    #expect(sink.toldTwice.isEmpty)
    #expect(journal.statistics.queueBytes == 0)
    journal.appendGroups(["after"])
    #expect(try journal.entries().map(\.text) == ["after"])
  }

  @Test("A broken journal closes at once")
  func closeWhileBroken() throws {
    let folder = TestFolder()
    let disk = FaultyDisk()
    var configuration = JournalConfiguration.test(folder, disk: disk)
    configuration.probeInterval = .seconds(60)
    let journal = try Journal.open(configuration, storePosition: 0)
    let sink = TestSink()
    let number = journal.attach(sink)
    disk.failSyncs(EIO)
    #expect(journal.append("refused", sink: number, token: 0) == .queued)
    #expect(sink.outcome(of: 0) == false)
    let began = ContinuousClock.now
    journal.close()
    #expect(ContinuousClock.now - began < .seconds(5))
  }

  @Test("A folder that cannot be made or written is refused with its path")
  func unusableFolder() throws {
    let folder = TestFolder()
    folder.write([1], to: "file")
    var configuration = JournalConfiguration.test(folder)
    configuration.directory = folder.path + "/file/journal"
    let error = #expect(throws: JournalError.self) {
      try Journal.open(configuration, storePosition: 0)
    }
    #expect(error?.code == .directory)
    #expect(error?.message.contains(configuration.directory) == true)

    let disk = FaultyDisk()
    disk.failWrites(ENOSPC)
    let full = #expect(throws: JournalError.self) {
      try Journal.open(.test(folder, disk: disk), storePosition: 0)
    }
    #expect(full?.code == .disk)
  }
}
