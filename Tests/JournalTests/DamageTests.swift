import Foundation
import Testing

@testable import Journal

/// One segment of groups as a killed server leaves it, and where each group lies.
struct DamagedSegment {
  static let texts = ["first entry", "second entry", "third", "the last group, not proved durable"]
  static let file = SegmentName.file(1)

  let bytes: [UInt8]
  /// Of the four groups with entries; an empty one stands before them.
  let groups: [Range<Int>]

  init() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    journal.appendGroups(Self.texts)
    bytes = folder.read(Self.file)
    groups = Self.groups(in: bytes)
    try #require(groups.count == Self.texts.count)
  }

  private static func groups(in bytes: [UInt8]) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var offset = 0
    bytes.withUnsafeBytes { all in
      while let base = all.baseAddress,
        let header = GroupHeader(base.advanced(by: offset), sequence: 1, offset: offset)
      {
        if header.entryCount > 0 { found.append(header.offset..<header.end) }
        offset = header.end
      }
    }
    return found
  }

  var tail: Range<Int> { groups[3] }

  func folder(_ change: (inout [UInt8]) -> Void) -> TestFolder {
    let folder = TestFolder()
    var changed = bytes
    change(&changed)
    folder.write(changed, to: Self.file)
    return folder
  }
}

@Suite("Damage")
struct DamageTests {
  @Test("Cut anywhere in the unsynced tail: starts, keeps every whole group, reports the cut")
  func everyCut() throws {
    let segment = try DamagedSegment()
    for length in segment.tail {
      let folder = segment.folder { $0.removeLast($0.count - length) }
      let journal = try Journal.open(.test(folder), storePosition: 0)
      let report = journal.recovery.report
      let expected = numbered(Array(DamagedSegment.texts.dropLast()))
      #expect(try journal.entries() == expected, "cut at \(length)")
      #expect(report.isSound && report.gaps.isEmpty, "cut at \(length)")
      // Bytes of the magic may be zeros' equals only at the group's very start.
      if length > segment.tail.lowerBound {
        #expect(report.tails.map(\.offset) == [segment.tail.lowerBound], "cut at \(length)")
        #expect(report.tails.first?.bytes ?? 0 > 0)
        #expect(report.tails.first?.file == DamagedSegment.file)
      } else {
        #expect(report.tails.isEmpty)
      }
      #expect(folder.read(DamagedSegment.file).count == segment.tail.lowerBound)
    }
  }

  @Test("Zeroed from anywhere in the unsynced tail on: the same")
  func everyZeroedTail() throws {
    let segment = try DamagedSegment()
    for start in segment.tail {
      let folder = segment.folder { bytes in
        for offset in start..<bytes.count { bytes[offset] = 0 }
      }
      let report = try Journal.verify(directory: folder.path)
      #expect(report.entries == 3 && report.isSound, "zeroed from \(start)")
      #expect(
        report.tails.map(\.offset)
          == (start > segment.tail.lowerBound ? [segment.tail.lowerBound] : []))
    }
  }

  @Test("A bit flipped anywhere in the unsynced tail: starts, drops that group, reports the cut")
  func everyTailFlip() throws {
    let segment = try DamagedSegment()
    for offset in segment.tail {
      for bit in 0..<8 {
        let folder = segment.folder { $0[offset] ^= 1 << UInt8(bit) }
        let report = try Journal.verify(directory: folder.path)
        #expect(report.entries == 3 && report.isSound, "bit \(bit) of byte \(offset)")
        #expect(report.tails.map(\.offset) == [segment.tail.lowerBound])
        guard bit == offset % 8 else { continue }
        let journal = try Journal.open(.test(folder), storePosition: 0)
        #expect(journal.recovery.report == report)
        #expect(try journal.entries() == numbered(Array(DamagedSegment.texts.dropLast())))
        journal.appendGroups(["new"])
        #expect(try journal.entries(from: 4).map(\.text) == ["new"])
      }
    }
  }

  @Test("A bit flipped anywhere before a durable offset: corruption, set aside, the rest delivered")
  func everyCorruption() throws {
    let segment = try DamagedSegment()
    for (index, group) in segment.groups.dropLast().enumerated() {
      for offset in group {
        let folder = segment.folder { $0[offset] ^= 1 << UInt8(offset % 8) }
        let journal = try Journal.open(.test(folder), storePosition: 0)
        let report = journal.recovery.report
        let lost = UInt64(index + 1)
        let expected = numbered(DamagedSegment.texts).filter { $0.position != lost }
        #expect(try journal.entries() == expected, "byte \(offset)")
        #expect(report.tails.isEmpty && !report.isSound, "byte \(offset)")
        #expect(report.gaps == [.init(positions: lost...lost, reason: .lost)])
        try #require(report.damages.count == 1)
        let damage = report.damages[0]
        #expect(damage.file == DamagedSegment.file && damage.wasDurable)
        #expect(damage.offset == group.lowerBound && damage.bytes == group.count)
        #expect(damage.positions == lost...lost)
        let copy = try #require(damage.quarantine)
        let damaged = folder.read(DamagedSegment.file)[group]
        #expect(FileManager.default.contents(atPath: copy) == Data(damaged))
      }
    }
  }

  @Test("A flip in the empty group that opens a segment costs no entry and is reported")
  func openingGroup() throws {
    let segment = try DamagedSegment()
    for offset in 0..<GroupHeader.size {
      let folder = segment.folder { $0[offset] ^= 4 }
      let journal = try Journal.open(.test(folder), storePosition: 0)
      #expect(try journal.entries() == numbered(DamagedSegment.texts))
      #expect(journal.recovery.report.damages.map(\.offset) == [0])
      #expect(journal.recovery.report.damages.first?.positions == nil)
      #expect(journal.recovery.report.gaps.isEmpty)
    }
  }

  @Test("Once the journal was opened again, its old end is proved durable")
  func provedBySuccessor() throws {
    let segment = try DamagedSegment()
    let folder = segment.folder { _ in }
    try Journal.open(.test(folder), storePosition: 0).close()
    folder.flip(DamagedSegment.file, at: segment.tail.upperBound - 1, bit: 0)
    let report = try Journal.open(.test(folder), storePosition: 0).recovery.report
    #expect(report.damages.map(\.positions) == [4...4])
    #expect(report.damages.first?.wasDurable == true)
    #expect(report.gaps == [.init(positions: 4...4, reason: .lost)])
  }

  @Test("A durable segment that became shorter is corruption, not a tail")
  func shortened() throws {
    let segment = try DamagedSegment()
    let folder = segment.folder { _ in }
    try Journal.open(.test(folder), storePosition: 0).close()
    let short = Array(folder.read(DamagedSegment.file)[..<segment.tail.lowerBound])
    folder.write(short, to: DamagedSegment.file)
    let report = try Journal.open(.test(folder), storePosition: 0).recovery.report
    #expect(report.damages.map(\.offset) == [segment.tail.lowerBound])
    #expect(report.gaps == [.init(positions: 4...4, reason: .lost)])
  }

  @Test("A segment deleted from the middle shows as lost positions")
  func missingSegment() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    journal.appendGroups((0..<100).map { "entry \($0), long enough for several segments" })
    journal.close()
    let segments = try Journal.verify(directory: folder.path).segments
    try #require(segments.count > 3)
    folder.remove(segments[1].file)
    let report = try Journal.open(.test(folder), storePosition: 0).recovery.report
    let (first, last) = (segments[1].firstPosition ?? 0, segments[1].lastPosition ?? 0)
    #expect(report.gaps == [.init(positions: first...last, reason: .lost)])
    #expect(!report.isSound)
  }

  @Test("What the store has already is no gap, and its segments go")
  func committedDamage() throws {
    let segment = try DamagedSegment()
    let folder = segment.folder { $0[segment.groups[1].upperBound - 1] ^= 1 }
    let journal = try Journal.open(.test(folder), storePosition: 3)
    #expect(journal.recovery.report.gaps.isEmpty)
    #expect(journal.recovery.report.damages.count == 1)
    #expect(try journal.entries(from: 4) == [.init(position: 4, text: DamagedSegment.texts[3])])
  }

  @Test(
    "Entries that look like a group do not survive as one when the group around them is damaged")
  func forgedGroup() throws {
    let folder = TestFolder()
    let journal = try Journal.open(.test(folder), storePosition: 0)
    // A client that guesses number, offset and position of what it sends, but not the nonce.
    let offset = GroupHeader.size * 2 + EntryFrame.size
    let forged = [UInt8](unsafeUninitializedCapacity: GroupHeader.size) { bytes, count in
      let header = GroupHeader(
        sequence: 1, offset: offset, nonce: 1, firstPosition: 900, entryCount: 0, bodyBytes: 0,
        priorPosition: 899, durableOffset: 0, previousEnd: 0, previousIsDurable: false)
      if let base = bytes.baseAddress { header.write(to: base) }
      count = GroupHeader.size
    }
    let sink = TestSink()
    let number = journal.attach(sink)
    #expect(forged.withUnsafeBytes { journal.append($0, sink: number, token: 0) } == .queued)
    #expect(sink.outcome(of: 0) == true)
    journal.appendGroups(["honest"])
    let killed = folder.copy()
    killed.flip(SegmentName.file(1), at: GroupHeader.size + 1, bit: 0)
    let again = try Journal.open(.test(killed), storePosition: 0)
    #expect(again.recovery.nextPosition == 3)
    #expect(try again.entries().map(\.text) == ["honest"])
  }

  @Test("A folder of garbage is cut to nothing and used")
  func garbage() throws {
    let folder = TestFolder()
    folder.write(
      (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }, to: SegmentName.file(7))
    folder.write([1, 2, 3], to: "notes.txt")
    let journal = try Journal.open(.test(folder), storePosition: 0)
    #expect(journal.recovery.report.tails.map(\.bytes) == [5000])
    journal.appendGroups(["one"])
    #expect(try journal.entries() == numbered(["one"]))
    #expect(folder.read("notes.txt") == [1, 2, 3])
  }
}
