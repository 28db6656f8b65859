import Glibc

extension Journal {
  /// Walks a journal without changing anything; a server may be using it. `storePosition`, when
  /// known, tells what can no longer be lost. It is asked behind each walk: what was trimmed
  /// meanwhile was committed before.
  package static func verify(
    directory: String, storePosition: () throws -> UInt64? = { nil }
  ) throws -> JournalReport {
    var report = try look(at: directory, storePosition)
    // A group that was being written while it was read looks damaged once, but not twice.
    for _ in 1..<verifyAttempts where !report.isSound {
      report = try look(at: directory, storePosition)
    }
    return report
  }

  private static func look(
    at directory: String, _ storePosition: () throws -> UInt64?
  ) throws -> JournalReport {
    let scans = try scan(directory)
    return RecoveryPlan(scans, storePosition: try storePosition()).report
  }

  private static let verifyAttempts = 3

  /// Reads every segment there is; one that is trimmed meanwhile is none.
  static func scan(_ directory: String) throws(JournalError) -> [SegmentScan] {
    var scans: [SegmentScan] = []
    // Newest first: each tells where the one before it ends.
    for sequence in try SegmentName.sequences(in: directory).reversed() {
      let path = SegmentName.path(directory, sequence)
      let successor = scans.last?.sequence == sequence + 1 ? scans.last?.headers.first : nil
      do {
        let scan = try SegmentScan(
          path: path, sequence: sequence, boundary: successor?.previousEnd)
        // The file of one that went meanwhile may have been emptied under the scan.
        if access(path, F_OK) == 0 { scans.append(scan) }
      } catch {
        guard access(path, F_OK) != 0, errno == ENOENT else { throw error }
      }
    }
    return scans.reversed()
  }
}

/// Does to the folder what a plan says; decides nothing.
struct Recovery {
  let directory: String
  let files: FileOperations

  /// Makes the folder when it is missing.
  func prepareDirectory() throws(JournalError) {
    if mkdir(directory, 0o750) == 0 {
      try syncDirectory(directory + "/..")
    } else if errno != EEXIST {
      throw JournalError(
        .directory, "cannot create \(directory): \(String(cString: strerror(errno)))")
    }
  }

  /// Copies damage aside, cuts tails, deletes what is done with, and syncs all of it. Answers the
  /// report with the places of the copies.
  func perform(_ plan: RecoveryPlan) throws(JournalError) -> JournalReport {
    var report = plan.report
    for index in report.damages.indices {
      report.damages[index].quarantine = try quarantine(report.damages[index])
    }
    for cut in plan.cuts { try self.cut(SegmentName.path(directory, cut.sequence), at: cut.offset) }
    for record in plan.kept { try sync(SegmentName.path(directory, record.sequence)) }
    for sequence in plan.removed { try remove(SegmentName.path(directory, sequence)) }
    for name in try SegmentName.spares(in: directory) + [SegmentName.probe] {
      try remove(directory + "/" + name)
    }
    try syncDirectory(directory)
    return report
  }

  private func cut(_ path: String, at offset: Int) throws(JournalError) {
    try withFile(path, O_WRONLY) { descriptor throws(JournalError) in
      let failure = files.truncate(descriptor, offset)
      guard failure == 0 else { throw .disk("cut", path, failure) }
    }
  }

  /// What a killed process wrote may still be in memory only; from here on it counts as durable.
  private func sync(_ path: String) throws(JournalError) {
    try withFile(path, O_WRONLY) { descriptor throws(JournalError) in
      let failure = files.sync(descriptor)
      guard failure == 0 else { throw .disk("sync", path, failure) }
    }
  }

  private func remove(_ path: String) throws(JournalError) {
    guard unlink(path) == 0 || errno == ENOENT else { throw .disk("delete", path, errno) }
  }

  /// Copies the damaged bytes beside the journal; a copy made earlier stays as it is.
  private func quarantine(_ damage: JournalReport.Damage) throws(JournalError) -> String {
    let folder = directory + "/" + SegmentName.quarantine
    guard mkdir(folder, 0o750) == 0 || errno == EEXIST else { throw .disk("create", folder, errno) }
    let path = "\(folder)/\(damage.file)-\(damage.offset)"
    let source = try FileWindow(path: directory + "/" + damage.file)
    let target = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
    if target < 0, errno == EEXIST { return path }
    guard target >= 0 else { throw .disk("create", path, errno) }
    defer { Glibc.close(target) }
    var offset = damage.offset
    let end = min(damage.offset + damage.bytes, source.size)
    while offset < end {
      let range = offset..<min(offset + FileWindow.windowBytes, end)
      let piece = try source.bytes(range)
      let failure = withExtendedLifetime(source) {
        files.write(target, piece, offset - damage.offset)
      }
      guard failure == 0 else { throw .disk("write", path, failure) }
      offset = range.upperBound
    }
    let failure = files.sync(target)
    guard failure == 0 else { throw .disk("sync", path, failure) }
    try syncDirectory(folder)
    return path
  }

  private func syncDirectory(_ path: String) throws(JournalError) {
    let failure = files.syncDirectory(path)
    guard failure == 0 else { throw .disk("sync", path, failure) }
  }

  private func withFile(
    _ path: String, _ flags: Int32, _ body: (Int32) throws(JournalError) -> Void
  ) throws(JournalError) {
    let descriptor = Glibc.open(path, flags | O_CLOEXEC)
    guard descriptor >= 0 else { throw .disk("open", path, errno) }
    defer { Glibc.close(descriptor) }
    try body(descriptor)
  }
}
