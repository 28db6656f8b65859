/// Memory for what one hook call hands over: given out piece by piece, never moved, all taken back
/// at once. Saves an allocation and a release per cell, fact and payload.
final class Arena {
  private static let chunkBytes = 256 << 10

  private var chunks: [UnsafeMutableRawBufferPointer] = []
  private var current = 0
  private var used = 0

  deinit { chunks.forEach { $0.deallocate() } }

  /// A copy of the bytes, aligned to 8, that stays where it is until `reset`.
  func copy(_ source: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    guard let base = source.baseAddress, source.count > 0 else {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    let place = room(source.count)
    place.copyMemory(from: base, byteCount: source.count)
    return UnsafeRawBufferPointer(start: place, count: source.count)
  }

  /// Takes everything back. Chunks beyond the first that a rare large call needed are released.
  func reset() {
    while chunks.count > 1 { chunks.removeLast().deallocate() }
    (current, used) = (0, 0)
  }

  private func room(_ count: Int) -> UnsafeMutableRawPointer {
    let padded = (count + 7) & ~7
    if chunks.isEmpty || used + padded > chunks[current].count { addChunk(padded) }
    guard let base = chunks[current].baseAddress else {
      preconditionFailure("a chunk has memory")
    }
    defer { used += padded }
    return base + used
  }

  private func addChunk(_ count: Int) {
    chunks.append(.allocate(byteCount: max(count, Self.chunkBytes), alignment: 16))
    (current, used) = (chunks.count - 1, 0)
  }
}
