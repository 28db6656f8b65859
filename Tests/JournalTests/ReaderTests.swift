import Foundation
import Testing

@testable import Journal

@Suite("Reading")
struct ReaderTests {
  static let texts = (0..<200).map { "entry \($0) " + String(repeating: "r", count: $0 * 7 % 300) }

  @Test(
    "Batches of every size give the same entries", arguments: [1, 2, 7, 1_000], [1, 300, 1 << 20])
  func batchSizes(maxEntries: Int, maxBytes: Int) throws {
    let folder = TestFolder()
    var configuration = JournalConfiguration.test(folder)
    configuration.segmentBytes = 64 << 10
    let journal = try Journal.open(configuration, storePosition: 0)
    journal.appendGroups(Self.texts)
    #expect(
      try journal.entries(maxBytes: maxBytes, maxEntries: maxEntries) == numbered(Self.texts))
  }

  @Test("A reader begins at any position and can be moved back to one")
  func positions() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    journal.appendGroups(Self.texts)
    let all = numbered(Self.texts)
    for position in stride(from: 1, through: UInt64(all.count), by: 13) {
      let reader = try journal.reader(from: position)
      let expected = Array(all[Int(position) - 1..<all.count])
      #expect(try reader.entries() == expected)
      try reader.seek(to: position)
      #expect(try reader.entries() == expected)
    }
    #expect(try journal.entries(from: 201).isEmpty)
  }

  @Test("A reader inside a group begins there")
  func insideGroup() throws {
    let folder = TestFolder()
    let disk = FaultyDisk()
    let journal = try Journal.open(.test(folder, disk: disk), storePosition: 0)
    let sink = TestSink()
    let number = journal.attach(sink)
    disk.hold()
    for token in UInt64(0)..<9 {
      #expect(journal.append("entry \(token)", sink: number, token: token) == .queued)
      if token == 0 { disk.waitUntilHeld() }
    }
    disk.release()
    sink.waitForAll(9)
    #expect(journal.statistics.groups == 2)
    #expect(try journal.entries(from: 5).map(\.position) == [5, 6, 7, 8, 9])
  }

  @Test("Nothing is read before it is durable")
  func onlyDurable() throws {
    let folder = TestFolder()
    let disk = FaultyDisk()
    let journal = try Journal.open(.test(folder, disk: disk), storePosition: 0)
    let sink = TestSink()
    let number = journal.attach(sink)
    disk.hold()
    #expect(journal.append("pending", sink: number, token: 0) == .queued)
    disk.waitUntilHeld()
    #expect(try journal.entries().isEmpty)
    disk.release()
    #expect(sink.outcome(of: 0) == true)
    #expect(try journal.entries() == numbered(["pending"]))
  }

  @Test("A waiting reader is woken by an entry, long before its time is over")
  func wokenByEntry() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    let reader = try journal.reader(from: 1)
    let appender = Thread {
      usleep(20_000)
      journal.appendGroups(["one"])
    }
    appender.start()
    let began = ContinuousClock.now
    var batch = JournalBatch()
    try reader.next(into: &batch, maxBytes: 1_000, maxEntries: 10, timeout: .seconds(30))
    #expect(batch.entries.map(\.position) == [1])
    #expect(ContinuousClock.now - began < .seconds(10))
  }

  @Test("wake lets a waiting reader go, and the next one when none waits")
  func woken() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    let reader = try journal.reader(from: 1)
    var batch = JournalBatch()
    let began = ContinuousClock.now
    reader.wake()
    try reader.next(into: &batch, maxBytes: 1_000, maxEntries: 10, timeout: .seconds(30))
    #expect(batch.entries.isEmpty)
    let waker = Thread {
      usleep(20_000)
      reader.wake()
    }
    waker.start()
    try reader.next(into: &batch, maxBytes: 1_000, maxEntries: 10, timeout: .seconds(30))
    #expect(batch.entries.isEmpty)
    #expect(ContinuousClock.now - began < .seconds(10))
  }

  @Test("Without entries the reader comes back when its time is over, not before")
  func timeout() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    let reader = try journal.reader(from: 1)
    var batch = JournalBatch()
    let began = ContinuousClock.now
    try reader.next(into: &batch, maxBytes: 1_000, maxEntries: 10, timeout: .milliseconds(30))
    #expect(batch.entries.isEmpty)
    #expect(ContinuousClock.now - began >= .milliseconds(30))
  }

  @Test("Bytes that change under a reader are refused, never delivered")
  func changedUnderReader() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    journal.appendGroups(["one", "two", "three"])
    let scan = try SegmentScan(path: folder.path + "/" + SegmentName.file(1), sequence: 1)
    let third = try #require(scan.headers.last)
    let descriptor = open(folder.path + "/" + SegmentName.file(1), O_WRONLY)
    #expect(pwrite(descriptor, "X", 1, third.end - 1) == 1)
    close(descriptor)
    let reader = try journal.reader(from: 1)
    var batch = JournalBatch()
    let error = #expect(throws: JournalError.self) {
      try reader.next(into: &batch, maxBytes: 1_000, maxEntries: 10, timeout: .zero)
    }
    #expect(error?.code == .damaged)
  }

  @Test("A closed journal can still be read to its end")
  func afterClose() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    let reader = try journal.reader(from: 1)
    journal.appendGroups(["one", "two"])
    journal.close()
    #expect(try reader.entries() == numbered(["one", "two"]))
  }
}
