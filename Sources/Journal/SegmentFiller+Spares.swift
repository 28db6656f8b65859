import Glibc

/// Trimmed segments on their way to being used again.
extension SegmentFiller {
  /// Takes trimmed segments out of the journal: some become spares, the others are deleted. A file
  /// that cannot be deleted stays until the next start.
  func retire(_ sequences: [UInt64]) {
    let room = roomForSpares()
    var paths: [String] = []
    for sequence in sequences {
      let path = SegmentName.path(directory, sequence)
      let spare = SegmentName.spare(directory, sequence)
      if paths.count < room, rename(path, spare) == 0 {
        paths.append(spare)
      } else {
        unlink(path)
      }
    }
    // Zeros under the old name would be damage to whoever finds it after a loss of power.
    let isDurable = files.syncDirectory(directory) == 0
    for path in paths {
      let spare = isDurable ? SpareSegment(path: path, segmentBytes: segmentBytes) : nil
      if spare.map(keep) != true { unlink(path) }
    }
  }

  /// How many spares may still be kept.
  private func roomForSpares() -> Int {
    if space.isLow() { return 0 }
    return monitor.withLock { stopping ? 0 : SpareSegment.countMax - spares.count }
  }

  /// False when it came too late.
  private func keep(_ spare: SpareSegment) -> Bool {
    monitor.lock()
    let isKept = !stopping
    if isKept { spares.append(spare) }
    let wakes = isKept && sleeps
    if wakes { sleeps = false }
    monitor.unlock()
    if wakes { monitor.broadcast() }
    return isKept
  }

  // MARK: The filler's thread

  func makeSegment(
    _ sequence: UInt64, from spare: SpareSegment?
  ) throws(JournalError) -> Segment {
    if let spare {
      return try Segment.adopt(spare, directory: directory, sequence: sequence, files: files)
    }
    return try Segment.make(
      directory: directory, sequence: sequence, segmentBytes: segmentBytes, files: files)
  }

  /// Under the lock.
  func takeCleanSpare() -> SpareSegment? {
    spares.firstIndex { $0.cleaned >= segmentBytes }.map { spares.remove(at: $0) }
  }

  func clean(_ range: Range<Int>) {
    guard let place = spares.firstIndex(where: { $0.cleaned < segmentBytes }) else { return }
    let spare = spares[place]
    monitor.unlock()
    let failed = space.isLow() || Zeros.write(to: spare.descriptor, range, files: files) != 0
    monitor.lock()
    if !failed {
      spare.cleaned = range.upperBound
    } else {
      Glibc.unlink(spare.path)
      spares.removeAll { $0 === spare }
    }
  }
}
