import Glibc

/// Reads durable entries in order. Confined to one thread, but for `wake`.
package final class JournalReader: @unchecked Sendable {
  /// A chunk holds at least this much, however small the batch.
  private static let chunkBytesMin = 16 << 10

  private let catalog: SegmentCatalog
  private var cursor: ReadCursor
  private var file: (sequence: UInt64, descriptor: Int32)?
  /// Bytes an entry takes, from the last batch: what a batch cannot hold need not be read.
  private var entryBytes = 512
  /// Under the catalog's monitor.
  private var woken = false

  init(catalog: SegmentCatalog, from position: UInt64) {
    self.catalog = catalog
    cursor = catalog.monitor.withLock { Self.cursor(at: position, in: catalog) }
  }

  /// As above, or nil when `position` was trimmed.
  init?(catalog: SegmentCatalog, untrimmedFrom position: UInt64) {
    let cursor = catalog.monitor.withLock {
      catalog.isReadable(position) ? Self.cursor(at: position, in: catalog) : nil
    }
    guard let cursor else { return nil }
    self.catalog = catalog
    self.cursor = cursor
  }

  deinit { closeFile() }

  /// Fills the batch with what comes next. Waits until there is an entry; comes back without one
  /// when `wake` was called or the time is over. An entry longer than `maxBytes` comes alone.
  package func next(
    into batch: inout JournalBatch, maxBytes: Int, maxEntries: Int, timeout: Duration
  ) throws(JournalError) {
    batch.entries.removeAll(keepingCapacity: true)
    guard maxEntries > 0 else { return }
    let deadline = Monitor.Deadline(after: timeout)
    while batch.entries.isEmpty, let end = waitForBytes(until: deadline) {
      try read(into: &batch, end: end, maxBytes: maxBytes, maxEntries: maxEntries)
    }
  }

  /// Goes on with the first entry at or after `position`, which must not have been trimmed.
  package func seek(to position: UInt64) throws(JournalError) {
    cursor = catalog.monitor.withLock { Self.cursor(at: position, in: catalog) }
    closeFile()
  }

  /// Lets a `next` that waits, or the following one that would, come back at once. Any thread.
  package func wake() {
    catalog.monitor.withLock {
      woken = true
      catalog.monitor.broadcast()
    }
  }

  private static func cursor(at position: UInt64, in catalog: SegmentCatalog) -> ReadCursor {
    catalog.requireReadable(position)
    // Nothing there yet: whatever comes, comes after the last segment there is, or in it.
    let record = catalog.record(holding: position) ?? catalog.lastRecord
    return ReadCursor(sequence: record?.sequence ?? 0, target: position)
  }

  // MARK: Where to read

  /// Up to where the cursor's segment can be read now, waiting for it; nil when woken or out of
  /// time.
  private func waitForBytes(until deadline: Monitor.Deadline) -> Int? {
    catalog.monitor.lock()
    defer {
      woken = false
      catalog.monitor.unlock()
    }
    while true {
      if let end = readableEnd() { return end }
      if woken || !catalog.wait(until: deadline) { return readableEnd() }
    }
  }

  /// Under the monitor. Moves the cursor over holes and into the next segment.
  private func readableEnd() -> Int? {
    while true {
      if let record = catalog.record(cursor.sequence) {
        if let hole = record.holes.first(where: { $0.contains(cursor.offset) }) {
          cursor.jump(to: hole.upperBound)
          continue
        }
        if cursor.offset < record.end {
          return record.holes.first { $0.lowerBound > cursor.offset }?.lowerBound ?? record.end
        }
      }
      guard let next = catalog.record(after: cursor.sequence) else { return nil }
      cursor.enter(next.sequence)
    }
  }

  // MARK: Reading

  private func read(into batch: inout JournalBatch, end: Int, maxBytes: Int, maxEntries: Int)
    throws(JournalError)
  {
    let (wanted, overflow) = maxEntries.multipliedReportingOverflow(by: entryBytes)
    var size = max(min(overflow ? maxBytes : wanted, maxBytes), Self.chunkBytesMin)
    while batch.entries.isEmpty, cursor.offset < end {
      let before = cursor.offset
      let chunk = batch.space(for: min(size, end - cursor.offset))
      try fill(chunk)
      let walked = cursor.walk(
        UnsafeRawBufferPointer(chunk), into: &batch.entries, entriesMax: maxEntries)
      switch walked {
      case .damaged: throw damaged()
      case .needs(let bytes):
        // A piece that reaches beyond the readable end is none.
        guard bytes <= end - cursor.offset else { throw damaged() }
        size = max(size, bytes)
      case .done: break
      }
      if !batch.entries.isEmpty {
        entryBytes = (cursor.offset - before) / batch.entries.count + EntryFrame.size
      }
    }
  }

  private func fill(_ chunk: UnsafeMutableRawBufferPointer) throws(JournalError) {
    let descriptor = try openFile()
    var held = 0
    while held < chunk.count {
      let count = pread(
        descriptor, chunk.baseAddress?.advanced(by: held), chunk.count - held,
        cursor.offset + held)
      if count > 0 {
        held += count
      } else if count == 0 {
        throw damaged()
      } else if errno != EINTR {
        throw .disk("read", SegmentName.path(catalog.directory, cursor.sequence), errno)
      }
    }
  }

  private func openFile() throws(JournalError) -> Int32 {
    if let file, file.sequence == cursor.sequence { return file.descriptor }
    closeFile()
    let path = SegmentName.path(catalog.directory, cursor.sequence)
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .disk("open", path, errno) }
    file = (cursor.sequence, descriptor)
    return descriptor
  }

  private func closeFile() {
    if let file { Glibc.close(file.descriptor) }
    file = nil
  }

  private func damaged() -> JournalError {
    JournalError(
      .damaged,
      "\(SegmentName.path(catalog.directory, cursor.sequence)) is damaged at byte "
        + "\(cursor.offset); restart the server: it sets damage aside and goes on after it")
  }
}
