/// Where the journal goes on: positions and offsets, and what each outcome of a write does to them.
/// No I/O.
struct LogHead {
  private(set) var nextPosition: UInt64
  /// The last position that was answered as kept.
  private(set) var answeredPosition: UInt64
  private(set) var sequence: UInt64
  /// Where the next group goes in the segment; all before it is valid.
  private(set) var offset: Int
  /// Synced up to here in the segment.
  private(set) var durableOffset: Int
  private var previousEnd = 0
  private var previousIsDurable = false
  private var nonce: UInt64 = 0

  /// `sequence` and `end` are of the last segment there was, synced up to its end; 0 and 0 without
  /// one.
  init(nextPosition: UInt64, answeredPosition: UInt64, sequence: UInt64, end: Int) {
    precondition(nextPosition > answeredPosition, "positions are never used twice")
    self.nextPosition = nextPosition
    self.answeredPosition = answeredPosition
    self.sequence = sequence
    offset = end
    durableOffset = end
  }

  /// Whether a group of that many bytes belongs into a new segment. One that no segment could hold
  /// gets a segment of its own.
  func needsSegment(for bytes: Int, segmentBytes: Int) -> Bool {
    offset > 0 && offset + bytes > segmentBytes
  }

  /// A new segment begins; the one before ends where it was last valid.
  mutating func beginSegment(nonce: UInt64) {
    previousEnd = offset
    previousIsDurable = durableOffset == offset
    sequence += 1
    offset = 0
    durableOffset = 0
    self.nonce = nonce
  }

  /// The header of the next group. Its positions are used up, whatever becomes of it.
  mutating func header(entryCount: Int, bodyBytes: Int) -> GroupHeader {
    defer { nextPosition += UInt64(entryCount) }
    return GroupHeader(
      sequence: sequence, offset: offset, nonce: nonce, firstPosition: nextPosition,
      entryCount: entryCount, bodyBytes: bodyBytes, priorPosition: answeredPosition,
      durableOffset: durableOffset, previousEnd: previousEnd,
      previousIsDurable: previousIsDurable)
  }

  /// The group is in the file, and through the disk when `synced`.
  mutating func wrote(_ header: GroupHeader, synced: Bool) {
    offset = header.end
    if synced { durableOffset = header.end }
    if header.entryCount > 0 { answeredPosition = header.lastPosition }
  }

  /// Everything in the file was synced.
  mutating func synced() { durableOffset = offset }
}
