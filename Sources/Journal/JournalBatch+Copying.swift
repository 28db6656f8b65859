extension JournalBatch {
  /// Fills the batch with copies of entries that were read elsewhere.
  package mutating func fill(
    copying given: ContiguousArray<(position: UInt64, bytes: UnsafeRawBufferPointer)>
  ) {
    let room = space(for: given.reduce(0) { $0 + $1.bytes.count })
    var offset = 0
    entries.removeAll(keepingCapacity: true)
    for (position, bytes) in given {
      UnsafeMutableRawBufferPointer(rebasing: room[offset..<offset + bytes.count])
        .copyMemory(from: bytes)
      entries.append(Entry(position: position, offset: offset, count: bytes.count))
      offset += bytes.count
    }
  }
}
