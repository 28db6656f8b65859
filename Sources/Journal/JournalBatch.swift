/// Entries as they were read: one buffer, filled again by every read, and where each entry lies in
/// it.
package struct JournalBatch: ~Copyable {
  /// Where one entry lies.
  package struct Entry: Sendable, Equatable {
    package let position: UInt64
    /// In `bytes`.
    package let offset: Int
    package let count: Int
  }

  /// In order of position.
  package internal(set) var entries: ContiguousArray<Entry> = []
  private var buffer: UnsafeMutableRawBufferPointer

  package init() { buffer = .allocate(byteCount: 0, alignment: 16) }

  deinit { buffer.deallocate() }

  /// What the offsets of the entries refer to; valid until the batch is filled again.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(buffer) }

  /// The bytes of one entry; valid until the batch is filled again.
  package func bytes(of entry: Entry) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: buffer[entry.offset..<entry.offset + entry.count])
  }

  /// Bytes of all entries together.
  package var entryBytes: Int { entries.reduce(0) { $0 + $1.count } }

  /// Calls `body` for each entry in order. The bytes stay valid until the batch is filled again.
  package func withEntries<Failure>(
    _ body: (_ position: UInt64, _ bytes: UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    for entry in entries { try body(entry.position, bytes(of: entry)) }
  }

  /// Room for that many bytes; what was there is gone.
  mutating func space(for count: Int) -> UnsafeMutableRawBufferPointer {
    if buffer.count < count {
      buffer.deallocate()
      buffer = .allocate(byteCount: count, alignment: 4096)
    }
    return UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
  }
}
