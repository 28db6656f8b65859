import Harness
import Testing

@testable import Journal

@Suite("Bounds")
struct LimitTests {
  @Test("A full queue refuses, counts it, and takes again once the disk has caught up")
  func fullQueue() throws {
    let folder = TestFolder()
    let disk = FaultyDisk()
    var configuration = JournalConfiguration.test(folder, disk: disk)
    configuration.queueBytesMax = 10 * 108
    let journal = try Journal.open(configuration, storePosition: 0)
    let sink = TestSink()
    let number = journal.attach(sink)
    let text = String(repeating: "q", count: 100)
    disk.hold()
    for token in UInt64(0)..<10 {
      #expect(journal.append(text, sink: number, token: token) == .queued)
    }
    #expect(journal.append(text, sink: number, token: 10) == .full)
    #expect(journal.admission(of: 100) == .full)
    #expect(journal.statistics.refusedFull == 1)
    #expect(journal.statistics.queueBytes == 1080)
    disk.release()
    sink.waitForAll(10)
    // The last group counts as queued until the writer comes back for the next one.
    #expect(Patience.wait { journal.statistics.queueBytes == 0 })
    #expect(journal.append(text, sink: number, token: 11) == .queued)
    #expect(sink.outcome(of: 11) == true)
    #expect(try journal.entries().count == 11)
  }

  @Test("An entry of exactly the limit is taken, one byte more is not")
  func tooLarge() throws {
    let folder = TestFolder()
    var configuration = JournalConfiguration.test(folder)
    configuration.entryBytesMax = 50
    let journal = try Journal.open(configuration, storePosition: 0)
    let number = journal.attach(TestSink())
    #expect(journal.append(String(repeating: "a", count: 51), sink: number, token: 0) == .tooLarge)
    #expect(journal.admission(of: 51) == .tooLarge)
    #expect(journal.admission(of: 50) == .queued)
    journal.appendGroups([String(repeating: "b", count: 50)])
    #expect(try journal.entries().count == 1)
    #expect(journal.statistics.refusedTooLarge == 1)
  }

  @Test("Under the disk's reserve nothing is taken until there is room again")
  func diskReserve() throws {
    let folder = TestFolder()
    let disk = FaultyDisk()
    var configuration = JournalConfiguration.test(folder, disk: disk)
    configuration.diskReserveBytes = 1_000
    disk.setFree(999)
    let journal = try Journal.open(configuration, storePosition: 0)
    let number = journal.attach(TestSink())
    #expect(journal.append("entry", sink: number, token: 0) == .diskReserve)
    #expect(journal.admission() == .diskReserve)
    #expect(journal.statistics.refusedDiskReserve == 1)
    disk.setFree(1_000)
    #expect(Patience.wait { journal.admission() == .queued })
    journal.appendGroups(["entry"])
    #expect(try journal.entries() == numbered(["entry"]))
  }

  @Test("An entry longer than a segment, a group and a batch makes its way")
  func hugeEntry() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    let huge = String((0..<600_000).map { Character(UnicodeScalar(UInt8(97 + $0 % 26))) })
    journal.appendGroups(["before", huge, "after"])
    #expect(try journal.entries(maxBytes: 100) == numbered(["before", huge, "after"]))
    journal.close()
    let again = try Journal.open(.test(folder), storePosition: 0)
    #expect(try again.entries() == numbered(["before", huge, "after"]))
  }

  @Test("A long entry stays behind what the same thread appended before")
  func longEntryKeepsOrder() throws {
    let folder = TestFolder()
    let disk = FaultyDisk()
    let journal = try Journal.open(.test(folder, disk: disk), storePosition: 0)
    let sink = TestSink()
    let number = journal.attach(sink)
    let long = String(repeating: "l", count: GroupQueue.inlineBytesMax)
    disk.hold()
    for (token, text) in ["one", "two", long, "four"].enumerated() {
      #expect(journal.append(text, sink: number, token: UInt64(token)) == .queued)
    }
    disk.release()
    sink.waitForAll(4)
    #expect(try journal.entries() == numbered(["one", "two", long, "four"]))
  }
}
