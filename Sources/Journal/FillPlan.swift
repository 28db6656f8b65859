/// What the filler should do next. No I/O: only how far the writer is and what has been filled.
struct FillPlan {
  /// How far ahead of the writer the segment in use is filled, where it was not filled as a whole
  /// before.
  static let aheadBytes = 8 << 20

  enum Step: Equatable {
    case nothing
    case fillActive(Range<Int>)
    case makeNext
    case fillNext(Range<Int>)
    case cleanSpare(Range<Int>)
  }

  let segmentBytes: Int
  var activeOffset = 0
  var activeFilled = 0
  /// Nil while there is no next segment.
  var nextFilled: Int?
  /// Nil while no spare is left to clean.
  var spareCleaned: Int?

  var step: Step {
    let active = slice(from: activeFilled, to: min(segmentBytes, activeOffset + Self.aheadBytes))
    if !active.isEmpty { return .fillActive(active) }
    // A quiet server keeps its disk: the next segment grows twice as fast as the one in use.
    if activeOffset >= segmentBytes / 4 {
      guard let nextFilled else { return .makeNext }
      let next = slice(from: nextFilled, to: min(segmentBytes, activeOffset * 2))
      if !next.isEmpty { return .fillNext(next) }
    }
    guard let spareCleaned else { return .nothing }
    return .cleanSpare(slice(from: spareCleaned, to: segmentBytes))
  }

  /// The next whole slice, or what is left of the segment; nothing smaller, so that the filler is
  /// not woken for every group.
  private func slice(from start: Int, to target: Int) -> Range<Int> {
    let end = min(start + Segment.sliceBytes, segmentBytes)
    return target >= end && start < end ? start..<end : start..<start
  }
}
