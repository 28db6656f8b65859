import Foundation
import Testing

@testable import Journal

@Suite("Appending and reading")
struct RoundTripTests {
  @Test("What was appended is read back in order, live and after a restart")
  func roundTrip() throws {
    let folder = TestFolder()
    let texts = ["first", "", "third " + String(repeating: "x", count: 700), "fourth"]
    let journal = try Journal.open(.test(folder), storePosition: 0)
    journal.appendGroups(texts)
    #expect(try journal.entries() == numbered(texts))
    #expect(journal.durablePosition == 4)
    journal.close()

    let again = try Journal.open(.test(folder), storePosition: 0)
    #expect(try again.entries() == numbered(texts))
    #expect(again.recovery.nextPosition == 5)
    #expect(again.recovery.report.isSound)
    #expect(again.recovery.report.tails.isEmpty)
    #expect(again.durablePosition == 4)
  }

  @Test("Entries that arrive during a sync become one group")
  func groupCommit() throws {
    let folder = TestFolder()
    let disk = FaultyDisk()
    let journal = try Journal.open(.test(folder, disk: disk), storePosition: 0)
    let sink = TestSink()
    let number = journal.attach(sink)
    disk.hold()
    #expect(journal.append("first", sink: number, token: 0) == .queued)
    disk.waitUntilHeld()
    for token in 1...10 {
      #expect(journal.append("later", sink: number, token: UInt64(token)) == .queued)
    }
    #expect(journal.durablePosition == 0)
    #expect(sink.callCount == 0)
    disk.release()
    sink.waitForAll(11)
    #expect(sink.durable.count == 11)
    #expect(sink.callCount == 2)
    #expect(journal.statistics.groups == 2)
    #expect(journal.statistics.entries == 11)
  }

  @Test("Each sink hears of its own entries once a group")
  func sinks() throws {
    let folder = TestFolder()
    let disk = FaultyDisk()
    let journal = try Journal.open(.test(folder, disk: disk), storePosition: 0)
    let sinks = [TestSink(), TestSink(), TestSink()]
    let numbers = sinks.map { journal.attach($0) }
    disk.hold()
    #expect(journal.append("opens", sink: numbers[2], token: 99) == .queued)
    disk.waitUntilHeld()
    for token in UInt64(0)..<6 {
      #expect(journal.append("entry", sink: numbers[Int(token % 2)], token: token) == .queued)
    }
    disk.release()
    sinks[0].waitForAll(3)
    sinks[1].waitForAll(3)
    #expect(sinks[0].durable == [0, 2, 4])
    #expect(sinks[1].durable == [1, 3, 5])
    #expect(sinks[2].durable == [99])
    #expect(sinks.map(\.callCount) == [1, 1, 1])
  }

  @Test("Many threads append at once: all is kept, nothing twice, each thread's order stands")
  func concurrency() throws {
    let folder = TestFolder()
    var configuration = JournalConfiguration.test(folder)
    configuration.segmentBytes = 32 << 10
    configuration.groupBytesMax = 4 << 10
    let journal = try Journal.open(configuration, storePosition: 0)
    let sinks = [TestSink(), TestSink()]
    let numbers = sinks.map { journal.attach($0) }
    let (threads, each) = (4, 1_000)
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      for item in 0..<each {
        let answer = journal.append(
          "\(thread) \(item)", sink: numbers[thread % 2], token: UInt64(thread * each + item))
        #expect(answer == .queued)
      }
    }
    for sink in sinks { sink.waitForAll(threads / 2 * each) }
    #expect(sinks[0].durable.union(sinks[1].durable).count == threads * each)
    #expect(sinks.flatMap(\.toldTwice).isEmpty)
    let entries = try journal.entries()
    #expect(entries.map(\.position) == Array(1...UInt64(threads * each)))
    for thread in 0..<threads {
      let own = entries.map(\.text).filter { $0.hasPrefix("\(thread) ") }
      #expect(own == (0..<each).map { "\(thread) \($0)" })
    }
  }

  @Test("With durability os entries are answered without a sync and outlive the process")
  func operatingSystemDurability() throws {
    let folder = TestFolder()
    let disk = FaultyDisk()
    var configuration = JournalConfiguration.test(folder, disk: disk)
    configuration.durability = .os
    let journal = try Journal.open(configuration, storePosition: 0)
    let texts = (0..<60).map { "entry \($0) of several segments" }
    journal.appendGroups(texts)
    #expect(journal.statistics.syncs == 0)
    #expect(folder.files.count > 1)
    let killed = folder.copy()
    let again = try Journal.open(.test(killed), storePosition: 0)
    #expect(try again.entries() == numbered(texts))
    #expect(again.recovery.report.isSound)
  }

  @Test("Closing keeps what is queued and takes no more")
  func closing() throws {
    let folder = TestFolder()
    let disk = FaultyDisk()
    let journal = try Journal.open(.test(folder, disk: disk), storePosition: 0)
    let sink = TestSink()
    let number = journal.attach(sink)
    disk.hold()
    for token in UInt64(0)..<5 {
      #expect(journal.append("queued", sink: number, token: token) == .queued)
    }
    disk.waitUntilHeld()
    let closer = Thread { journal.close() }
    closer.start()
    disk.release()
    sink.waitForAll(5)
    journal.close()
    #expect(sink.durable.count == 5)
    #expect(journal.append("late", sink: number, token: 9) == .broken)
    #expect(journal.admission() == .broken)
    #expect(try journal.entries().count == 5)
  }

  @Test("Fault points are passed in the order of an entry's way")
  func faultPoints() throws {
    let folder = TestFolder()
    let passed = FaultLog()
    var configuration = JournalConfiguration.test(folder)
    configuration.faultPoint = { passed.add($0) }
    let journal = try Journal.open(configuration, storePosition: 0)
    #expect(passed.all.isEmpty)
    journal.appendGroups(["one"])
    #expect(passed.all.filter { $0 != .afterAppend } == [.afterWrite, .afterSync])
    #expect(passed.all.contains(.afterAppend))
  }
}

final class FaultLog: @unchecked Sendable {
  private let lock = NSLock()
  private var faults: [JournalFault] = []

  func add(_ fault: JournalFault) { lock.withLock { faults.append(fault) } }
  var all: [JournalFault] { lock.withLock { faults } }
}
