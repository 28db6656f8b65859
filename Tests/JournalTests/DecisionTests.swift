import Testing

@testable import Journal

/// The parts that decide, without any disk.
@Suite("Decisions")
struct DecisionTests {
  private func header(
    segment: UInt64, at offset: Int, first: UInt64, count: Int, prior: UInt64,
    durable: Int = 0, previousEnd: Int = 0, previousIsDurable: Bool = true
  ) -> GroupHeader {
    GroupHeader(
      sequence: segment, offset: offset, nonce: 1, firstPosition: first, entryCount: count,
      bodyBytes: 20, priorPosition: prior, durableOffset: durable, previousEnd: previousEnd,
      previousIsDurable: previousIsDurable)
  }

  private func scan(_ segment: UInt64, _ findings: [SegmentScan.Finding], bytes: Int = 1_000)
    -> SegmentScan
  {
    SegmentScan(sequence: segment, fileBytes: bytes, findings: findings)
  }

  @Test("A header is read back as written, and only at its own place")
  func headerRoundTrip() {
    let header = header(segment: 3, at: 160, first: 7, count: 2, prior: 6, durable: 160)
    var bytes = [UInt8](repeating: 0, count: GroupHeader.size)
    bytes.withUnsafeMutableBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      header.write(to: base)
      #expect(GroupHeader(base, sequence: 3, offset: 160) == header)
      #expect(GroupHeader(base, sequence: 4, offset: 160) == nil)
      #expect(GroupHeader(base, sequence: 3, offset: 161) == nil)
    }
  }

  @Test("Groups are taken together only when they touch, in the file and in positions")
  func joining() {
    let first = header(segment: 1, at: 0, first: 1, count: 2, prior: 0)
    let next = header(segment: 1, at: 100, first: 3, count: 3, prior: 2, durable: 100)
    let both = first.joined(with: next)
    #expect(both?.end == next.end && both?.lastPosition == 5 && both?.durableOffset == 100)
    #expect(both?.firstPosition == 1 && both?.priorPosition == 0 && both?.entryCount == 5)
    var apart = next
    apart.offset = 101
    #expect(first.joined(with: apart) == nil)
    apart = next
    apart.firstPosition = 4
    #expect(first.joined(with: apart) == nil)
    apart = next
    apart.priorPosition = 1
    #expect(first.joined(with: apart) == nil)
  }

  @Test("A new head numbers on, and a failed group uses up its positions but no bytes")
  func headFailure() {
    var head = LogHead(nextPosition: 11, answeredPosition: 10, sequence: 4, end: 900)
    head.beginSegment(nonce: 5)
    let first = head.header(entryCount: 3, bodyBytes: 50)
    #expect(first.sequence == 5 && first.offset == 0 && first.firstPosition == 11)
    #expect(first.previousEnd == 900 && first.previousIsDurable && first.priorPosition == 10)
    head.wrote(first, synced: true)
    let failed = head.header(entryCount: 2, bodyBytes: 50)
    #expect(failed.firstPosition == 14 && failed.durableOffset == first.end)
    head.beginSegment(nonce: 6)
    let next = head.header(entryCount: 1, bodyBytes: 50)
    #expect(next.firstPosition == 16 && next.priorPosition == 13)
    #expect(next.previousEnd == first.end && next.previousIsDurable)
  }

  @Test("A segment that was never synced is not called durable by the next")
  func unsyncedHead() {
    var head = LogHead(nextPosition: 1, answeredPosition: 0, sequence: 0, end: 0)
    head.beginSegment(nonce: 1)
    let group = head.header(entryCount: 1, bodyBytes: 10)
    head.wrote(group, synced: false)
    head.beginSegment(nonce: 2)
    let next = head.header(entryCount: 1, bodyBytes: 10)
    #expect(next.previousEnd == group.end && !next.previousIsDurable && next.priorPosition == 1)
  }

  @Test("Groups after the end that the next segment names were refused: cut, never delivered")
  func refusedGroups() {
    let kept = header(segment: 1, at: 0, first: 1, count: 1, prior: 0)
    let refused = header(segment: 1, at: 100, first: 2, count: 2, prior: 1, durable: 100)
    let next = header(segment: 2, at: 0, first: 4, count: 1, prior: 1, previousEnd: 100)
    let plan = RecoveryPlan(
      [
        scan(1, [.group(kept, isIntact: true), .group(refused, isIntact: true)]),
        scan(2, [.group(next, isIntact: true)]),
      ], storePosition: 0)
    #expect(plan.report.tails.map(\.offset) == [100])
    #expect(plan.report.gaps == [.init(positions: 2...3, reason: .unused)])
    #expect(plan.cuts.first == .init(sequence: 1, offset: 100))
    #expect(plan.kept.map(\.lastPosition) == [1, 4])
    #expect(plan.nextPosition == 5)
  }

  @Test("Positions of a torn group are not given out again")
  func tornGroupPositions() {
    let kept = header(segment: 1, at: 0, first: 1, count: 1, prior: 0)
    let torn = header(segment: 1, at: 100, first: 2, count: 8, prior: 1, durable: 100)
    let plan = RecoveryPlan(
      [scan(1, [.group(kept, isIntact: true), .group(torn, isIntact: false)])], storePosition: 0)
    #expect(plan.nextPosition == 10)
    #expect(plan.durablePosition == 1)
    #expect(plan.report.isSound)
  }

  @Test("Noise before readable groups of an unsynced segment loses only itself")
  func unsyncedHole() {
    let first = header(segment: 1, at: 0, first: 1, count: 1, prior: 0)
    let last = header(segment: 1, at: 300, first: 4, count: 1, prior: 3)
    let plan = RecoveryPlan(
      [
        scan(
          1, [.group(first, isIntact: true), .noise(100..<300), .group(last, isIntact: true)])
      ], storePosition: 0)
    #expect(plan.report.damages.map(\.wasDurable) == [false])
    #expect(plan.report.damages.map(\.positions) == [2...3])
    #expect(plan.report.gaps == [.init(positions: 2...3, reason: .lost)])
    #expect(plan.kept.first?.holes == [100..<300])
  }

  @Test("Damage at a durable segment's end is bounded by what the next segment knows")
  func damagedEnd() {
    let first = header(segment: 1, at: 0, first: 1, count: 1, prior: 0)
    let next = header(segment: 2, at: 0, first: 6, count: 1, prior: 5, previousEnd: 400)
    let scans = [
      scan(1, [.group(first, isIntact: true), .noise(100..<250)]),
      scan(2, [.group(next, isIntact: true)]),
    ]
    let plan = RecoveryPlan(scans, storePosition: 0)
    #expect(plan.report.damages.map(\.offset) == [100, 250])
    #expect(plan.report.damages.map(\.bytes) == [150, 150])
    #expect(plan.report.gaps == [.init(positions: 2...5, reason: .lost)])
    #expect(RecoveryPlan(scans, storePosition: 4).report.gaps.map(\.positions) == [5...5])
    #expect(RecoveryPlan(scans, storePosition: 5).report.gaps.isEmpty)
  }

  @Test("The filler keeps ahead of the writer and makes the next segment in time")
  func filling() {
    let slice = Segment.sliceBytes
    var plan = FillPlan(segmentBytes: 64 * slice)
    plan.activeFilled = slice
    #expect(plan.step == .fillActive(slice..<2 * slice))
    plan.activeFilled = FillPlan.aheadBytes
    #expect(plan.step == .nothing)
    plan.activeOffset = 32 * slice
    plan.activeFilled = 64 * slice
    #expect(plan.step == .makeNext)
    plan.nextFilled = slice
    #expect(plan.step == .fillNext(slice..<2 * slice))
    plan.nextFilled = 64 * slice
    #expect(plan.step == .nothing)
  }

  @Test("A spare is cleaned while nothing else is to be done, and then no more")
  func cleaning() {
    let slice = Segment.sliceBytes
    var plan = FillPlan(segmentBytes: 16 * slice)
    plan.spareCleaned = 0
    #expect(plan.step == .fillActive(0..<slice))
    plan.activeFilled = FillPlan.aheadBytes
    #expect(plan.step == .cleanSpare(0..<slice))
    plan.spareCleaned = 15 * slice
    #expect(plan.step == .cleanSpare(15 * slice..<16 * slice))
    plan.activeOffset = 4 * slice
    plan.activeFilled = 12 * slice
    #expect(plan.step == .makeNext)
    plan.nextFilled = 8 * slice
    #expect(plan.step == .cleanSpare(15 * slice..<16 * slice))
    plan.spareCleaned = nil
    #expect(plan.step == .nothing)
  }

  @Test("A segment that is no whole number of slices is filled to its end")
  func fillingRest() {
    var plan = FillPlan(segmentBytes: Segment.sliceBytes + 10)
    plan.activeFilled = Segment.sliceBytes
    #expect(plan.step == .fillActive(Segment.sliceBytes..<Segment.sliceBytes + 10))
    plan.activeFilled += 10
    #expect(plan.step == .nothing)
  }
}
