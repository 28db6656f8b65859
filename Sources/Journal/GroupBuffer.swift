/// A group while it gathers: the bytes as they will stand on disk, with room for the header in
/// front, and who waits for them. Confined to the queue's lock, then to the writer.
final class GroupBuffer {
  static let initialBytes = 64 << 10

  private(set) var bytes: UnsafeMutableRawBufferPointer
  private(set) var count = GroupHeader.size
  private(set) var entryCount = 0
  /// By sink: the tokens of its entries.
  private(set) var tokens: [[UInt64]] = []

  init(capacity: Int = GroupBuffer.initialBytes) {
    bytes = .allocate(byteCount: max(capacity, GroupHeader.size), alignment: 16)
  }

  deinit { bytes.deallocate() }

  var isEmpty: Bool { entryCount == 0 }

  var bodyBytes: Int { count - GroupHeader.size }

  func append(
    _ entry: UnsafeRawBufferPointer, checksum: UInt32, sink: Int, token: UInt64, growLimit: Int
  ) {
    let end = count + EntryFrame.size + entry.count
    if end > bytes.count { grow(to: end, limit: growLimit) }
    guard let base = bytes.baseAddress else { return }
    EntryFrame.write(entry, checksum: checksum, to: base.advanced(by: count))
    count = end
    entryCount += 1
    while tokens.count <= sink { tokens.append([]) }
    tokens[sink].append(token)
  }

  /// Hands out the group as it goes to disk.
  func withSealed<Value>(_ header: GroupHeader, _ body: (UnsafeRawBufferPointer) -> Value) -> Value
  {
    if let base = bytes.baseAddress { header.write(to: base) }
    return withExtendedLifetime(self) { body(UnsafeRawBufferPointer(rebasing: bytes[..<count])) }
  }

  /// Empties it for the next group; the memory stays.
  func reuse() {
    count = GroupHeader.size
    entryCount = 0
    for sink in tokens.indices { tokens[sink].removeAll(keepingCapacity: true) }
  }

  private func grow(to needed: Int, limit: Int) {
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(needed, min(bytes.count * 2, limit)), alignment: 16)
    larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
    bytes.deallocate()
    bytes = larger
  }
}
