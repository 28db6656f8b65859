/// What to do with what was found: which bytes are a torn tail and which are corruption, what is
/// kept, which positions are missing, where to go on. No I/O.
///
/// Bytes are proved durable by a header written later: its own segment up to its `durableOffset`,
/// the segment before up to `previousEnd`. Damage before that is corruption, after it a tail.
struct RecoveryPlan: Equatable {
  struct Cut: Equatable {
    let sequence: UInt64
    let offset: Int
  }

  private(set) var report = JournalReport()
  /// Segments to be read from now on.
  private(set) var kept: [SegmentCatalog.Record] = []
  /// Files without anything the store still needs.
  private(set) var removed: [UInt64] = []
  private(set) var cuts: [Cut] = []
  /// Where the last kept segment ends, damage included.
  private(set) var lastEnd = 0
  private var positions: PositionLedger

  /// `storePosition` is nil when nobody knows the store: the journal's first position is then taken
  /// as given.
  init(_ scans: [SegmentScan], storePosition: UInt64?) {
    positions = PositionLedger(storePosition: storePosition)
    for (index, scan) in scans.enumerated() {
      let next = index + 1 < scans.count ? scans[index + 1] : nil
      let successor = next?.sequence == scan.sequence + 1 ? next?.headers.first : nil
      add(scan, bounds: Bounds(scan, successor: successor))
    }
    positions.finish()
    report.gaps = positions.gaps
  }

  /// The first position that has never been given to an entry.
  var nextPosition: UInt64 { positions.next }

  /// The last position known to have been answered as kept.
  var answeredPosition: UInt64 { positions.answered }

  /// The last position of which a reader will hear, or the store's own.
  var durablePosition: UInt64 { max(kept.last?.lastPosition ?? 0, positions.store) }

  private mutating func add(_ scan: SegmentScan, bounds: Bounds) {
    let file = SegmentName.file(scan.sequence)
    var segment = JournalReport.Segment(file: file, fileBytes: scan.fileBytes)
    var record = SegmentCatalog.Record(sequence: scan.sequence, lastPosition: 0, end: 0)
    for finding in scan.findings + bounds.missing {
      if case .group(let header, _, _) = finding { positions.saw(header) }
      let range = finding.range(in: scan)
      switch finding {
      case _ where range.lowerBound >= bounds.validEnd:
        report.tails.append(.init(file: file, offset: range.lowerBound, bytes: range.count))
      case .group(let header, isIntact: true, let groups):
        positions.keep(header, boundsOf: &report.damages)
        segment.count(header, groups: groups)
        record.end = header.end
        if header.entryCount > 0 { record.lastPosition = header.lastPosition }
      case .group, .noise:
        lose(finding, range, file: file, wasDurable: range.lowerBound < bounds.provenEnd)
        record.holes.append(range)
      }
    }
    report.segments.append(segment)
    settle(scan, record, validEnd: bounds.validEnd)
  }

  private mutating func lose(
    _ finding: SegmentScan.Finding, _ range: Range<Int>, file: String, wasDurable: Bool
  ) {
    report.damages.append(
      .init(
        file: file, offset: range.lowerBound, bytes: range.count, positions: nil,
        wasDurable: wasDurable, quarantine: nil))
    if case .group(let header, _, _) = finding {
      positions.lose(header, boundsOf: &report.damages)
    } else {
      positions.loseUnknown(report.damages.count - 1)
    }
  }

  /// Whether the file stays, and how long it is.
  private mutating func settle(
    _ scan: SegmentScan, _ record: SegmentCatalog.Record, validEnd: Int
  ) {
    guard record.lastPosition > positions.store else {
      removed.append(scan.sequence)
      return
    }
    var record = record
    record.holes.removeAll { $0.lowerBound >= record.end }
    kept.append(record)
    lastEnd = validEnd
    if scan.fileBytes > validEnd { cuts.append(Cut(sequence: scan.sequence, offset: validEnd)) }
  }
}

extension RecoveryPlan {
  /// Up to where a segment counts, and up to where it must be whole.
  struct Bounds {
    /// What begins here or later was never promised to anybody.
    let validEnd: Int
    /// Synced up to here.
    let provenEnd: Int
    /// Bytes that were synced and of which the file has nothing.
    let missing: [SegmentScan.Finding]

    init(_ scan: SegmentScan, successor: GroupHeader?) {
      let ended = successor?.previousEnd ?? .max
      let readableEnd = scan.findings.reduce(0) { end, finding in
        guard case .group(let header, isIntact: true, _) = finding, header.offset < ended else {
          return end
        }
        return header.end
      }
      let proven = scan.headers.reduce(0) { max($0, $1.durableOffset) }
      provenEnd =
        successor.map { $0.previousIsDurable ? max(proven, $0.previousEnd) : proven } ?? proven
      validEnd = min(ended, max(provenEnd, readableEnd))
      let found = scan.findings.last?.range(in: scan).upperBound ?? 0
      missing = found < provenEnd ? [.noise(found..<provenEnd)] : []
    }
  }
}

extension SegmentScan.Finding {
  /// Its bytes; those of a group as far as the file has them.
  func range(in scan: SegmentScan) -> Range<Int> {
    switch self {
    case .noise(let range): range
    case .group(let header, _, _):
      header.offset..<max(header.offset, min(header.end, scan.fileBytes))
    }
  }
}

extension JournalReport.Segment {
  fileprivate mutating func count(_ header: GroupHeader, groups: Int) {
    self.groups += groups
    entries += header.entryCount
    guard header.entryCount > 0 else { return }
    firstPosition = firstPosition ?? header.firstPosition
    lastPosition = header.lastPosition
  }
}
