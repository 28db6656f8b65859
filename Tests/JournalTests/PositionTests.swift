import Foundation
import Harness
import Synchronization
import Testing

@testable import Journal

@Suite("Positions and trimming")
struct PositionTests {
  static let texts = (0..<100).map { "entry \($0), long enough for several segments" }

  @Test("Positions are never reused, even when the whole journal was deleted")
  func deletedJournal() throws {
    let folder = TestFolder()
    var journal: Journal? = try Journal.open(.test(folder), storePosition: 0)
    journal?.appendGroups(["one", "two"])
    journal = nil
    for file in folder.files { folder.remove(file) }
    let again = try Journal.open(.test(folder), storePosition: 500)
    #expect(again.recovery.nextPosition == 501)
    #expect(again.durablePosition == 500)
    #expect(again.recovery.report.gaps == [.init(positions: 1...500, reason: .behindStore)])
    again.appendGroups(["next"])
    #expect(try again.entries(from: 501) == [.init(position: 501, text: "next")])
  }

  @Test("A store that is further than the journal is reported with bounds, and goes first")
  func storeAhead() throws {
    let folder = TestFolder()
    try Journal.open(.test(folder), storePosition: 0).appendGroups(["one", "two"])
    let journal = try Journal.open(.test(folder), storePosition: 10)
    #expect(journal.recovery.report.gaps == [.init(positions: 3...10, reason: .behindStore)])
    journal.appendGroups(["eleven"])
    #expect(try journal.entries(from: 11) == [.init(position: 11, text: "eleven")])
  }

  @Test("Restarts without traffic neither move positions nor report anything")
  func quietRestarts() throws {
    let folder = TestFolder()
    try Journal.open(.test(folder), storePosition: 0).appendGroups(["one", "two"])
    for _ in 0..<5 {
      let killed = folder.copy()
      for place in [folder, killed] {
        let journal = try Journal.open(.test(place), storePosition: 2)
        #expect(journal.recovery.nextPosition == 3)
        #expect(journal.recovery.report.gaps.isEmpty)
        #expect(journal.recovery.report.isSound && journal.recovery.report.tails.isEmpty)
        #expect(journal.durablePosition == 2)
      }
      #expect(folder.files.count <= 2)
    }
  }

  @Test("Every restart begins a new segment and old ones are still read in order")
  func newSegment() throws {
    let folder = TestFolder()
    for round in 0..<4 {
      let journal = try Journal.open(.test(folder), storePosition: 0)
      #expect(try journal.entries().map(\.text) == (0..<round).map { "round \($0)" })
      journal.appendGroups(["round \(round)"])
    }
    #expect(folder.files.count == 4)
    #expect(try Journal.verify(directory: folder.path).isSound)
  }

  @Test("Rotation keeps the order; trimming deletes whole segments behind the commit and no more")
  func trimming() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    journal.appendGroups(Self.texts)
    #expect(try journal.entries() == numbered(Self.texts))
    let segments = try Journal.verify(directory: folder.path).segments.filter { $0.entries > 0 }
    try #require(segments.count > 3)
    let second = try #require(segments[1].lastPosition)

    journal.trim(through: second - 1)
    #expect(!folder.files.contains(segments[0].file))
    #expect(folder.files.contains(segments[1].file))
    journal.trim(through: second)
    #expect(!folder.files.contains(segments[1].file))
    #expect(
      try journal.entries(from: second + 1) == numbered(Self.texts).filter { $0.position > second })
    journal.trim(through: 100)
    #expect(folder.files.contains(try #require(segments.last?.file)))
    #expect(journal.statistics.segmentsTrimmed == UInt64(segments.count - 1))
    journal.close()

    let again = try Journal.open(.test(folder), storePosition: 100)
    #expect(again.recovery.report.isSound)
    #expect(again.recovery.nextPosition == 101)
  }

  @Test("A reader goes on while segments are trimmed behind it")
  func trimBehindReader() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    let reader = try journal.reader(from: 1)
    var found: [TestEntry] = []
    for part in 0..<10 {
      journal.appendGroups(Array(Self.texts[part * 10..<part * 10 + 10]))
      found += try reader.entries(maxEntries: 3)
      journal.trim(through: found.last?.position ?? 0)
    }
    #expect(found == numbered(Self.texts))
    #expect(folder.files.count < 4)
  }

  @Test("A start deletes segments the store has committed")
  func trimAtStart() throws {
    let folder = TestFolder()
    try Journal.open(.test(folder), storePosition: 0).appendGroups(Self.texts)
    let segments = try Journal.verify(directory: folder.path).segments
    let journal = try Journal.open(.test(folder), storePosition: 60)
    for segment in segments where segment.entries > 0 {
      let isNeeded = segment.lastPosition ?? 0 > 60
      #expect(folder.files.contains(segment.file) == isNeeded, "\(segment)")
    }
    #expect((segments.first?.lastPosition ?? .max) <= 60)
    #expect(try journal.entries(from: 61) == numbered(Self.texts).filter { $0.position > 60 })
  }

  @Test("Verify only reads, also beside a running journal")
  func verify() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    journal.appendGroups(Self.texts)
    let killed = folder.copy()
    let before = killed.files.map { killed.read($0) }
    let report = try Journal.verify(directory: killed.path)
    let isUnchanged = before.elementsEqual(killed.files.map { killed.read($0) })
    #expect(isUnchanged)
    #expect(try Journal.verify(directory: folder.path).entries == 100)
    #expect(report.entries == 100 && report.firstPosition == 1 && report.lastPosition == 100)
    #expect(report.isSound && report.tails.isEmpty && report.gaps.isEmpty)
    #expect(throws: JournalError.self) { try Journal.verify(directory: folder.path + "/none") }
    withExtendedLifetime(journal) {}
  }

  @Test("Opening an empty folder is quick and the disk is filled ahead of the writer")
  func quickStart() throws {
    let folder = TestFolder()
    var configuration = JournalConfiguration(directory: folder.path + "/journal")
    configuration.diskReserveBytes = 0
    // Who opens writes one slice and a header, and waits for no more; a clock would measure what
    // else the machine does.
    let opener = pthread_self()
    let written = Mutex(0)
    configuration.files.write = { descriptor, bytes, offset in
      if pthread_equal(pthread_self(), opener) != 0 { written.withLock { $0 += bytes.count } }
      return FileOperations.posix.write(descriptor, bytes, offset)
    }
    let journal = try Journal.open(configuration, storePosition: 0)
    #expect(written.withLock { $0 } <= Segment.sliceBytes + 4_096)
    let path = configuration.directory + "/" + SegmentName.file(1)
    func size() -> Int { FileManager.default.contents(atPath: path)?.count ?? 0 }
    #expect(Patience.wait { size() >= FillPlan.aheadBytes })
    #expect(size() == FillPlan.aheadBytes)
    journal.appendGroups(["one"])
    #expect(try journal.entries() == numbered(["one"]))
  }
}
