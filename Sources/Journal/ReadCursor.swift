/// Where a reader stands inside a segment, and the walk over a chunk of it. No I/O.
struct ReadCursor {
  private(set) var sequence: UInt64
  /// Of the next header or entry in the segment.
  private(set) var offset = 0
  /// Entries of the group that are still to come.
  private var remaining = 0
  private var position: UInt64 = 0
  /// Entries before it are passed over.
  let target: UInt64

  init(sequence: UInt64, target: UInt64) {
    self.sequence = sequence
    self.target = target
  }

  /// What a walk came to.
  enum Walked: Equatable {
    /// The chunk or the batch is used up.
    case done
    /// The next piece needs a chunk of this many bytes.
    case needs(Int)
    /// The bytes at the cursor are not what was written.
    case damaged
  }

  mutating func enter(_ sequence: UInt64) { self = ReadCursor(sequence: sequence, target: target) }

  /// Over bytes known to be no entries; a group never reaches into them.
  mutating func jump(to offset: Int) {
    self.offset = offset
    remaining = 0
  }

  /// Takes entries from a chunk that begins at the cursor.
  mutating func walk(
    _ chunk: UnsafeRawBufferPointer, into entries: inout ContiguousArray<JournalBatch.Entry>,
    entriesMax: Int
  ) -> Walked {
    guard let base = chunk.baseAddress else { return .done }
    let start = offset
    while entries.count < entriesMax {
      let at = offset - start
      // A group that was passed over may end behind the chunk.
      guard at < chunk.count else { return .done }
      let walked =
        remaining == 0
        ? takeHeader(base.advanced(by: at), available: chunk.count - at)
        : takeEntry(base, at, available: chunk.count - at, into: &entries)
      guard walked == .done else { return walked }
    }
    return .done
  }

  private mutating func takeHeader(_ bytes: UnsafeRawPointer, available: Int) -> Walked {
    guard available >= GroupHeader.size else { return .needs(GroupHeader.size) }
    guard let header = GroupHeader(bytes, sequence: sequence, offset: offset) else {
      return .damaged
    }
    if header.lastPosition < target || header.entryCount == 0 {
      offset = header.end
      return .done
    }
    remaining = header.entryCount
    position = header.firstPosition
    offset += GroupHeader.size
    return .done
  }

  private mutating func takeEntry(
    _ base: UnsafeRawPointer, _ at: Int, available: Int,
    into entries: inout ContiguousArray<JournalBatch.Entry>
  ) -> Walked {
    guard available >= EntryFrame.size else { return .needs(EntryFrame.size) }
    let frame = base.advanced(by: at)
    let length = EntryFrame.length(at: frame)
    guard available >= EntryFrame.size + length else { return .needs(EntryFrame.size + length) }
    guard EntryFrame.isIntact(at: frame, length: length) else { return .damaged }
    if position >= target {
      entries.append(.init(position: position, offset: at + EntryFrame.size, count: length))
    }
    position += 1
    remaining -= 1
    offset += EntryFrame.size + length
    return .done
  }
}
