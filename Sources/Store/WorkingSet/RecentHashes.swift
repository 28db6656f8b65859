/// The hashes of a user's last requests, as they are stored in the host's cell: ten bytes each, the
/// hash and the hour of receipt (modulo 65 536), oldest first.
enum RecentHashes {
  static let hashesMax = 32
  static let hoursMax: UInt16 = 72
  static let bytesEach = 10

  private static let msPerHour: Int64 = 3_600_000

  /// Whether a request with that hash came within the last hours.
  static func isKnown(_ hash: UInt64, receivedMs: Int64, in known: UnsafeRawBufferPointer) -> Bool {
    let now = hour(receivedMs)
    var place = 0
    while place + bytesEach <= known.count {
      if known.loadUnaligned(fromByteOffset: place, as: UInt64.self) == hash,
        isRecent(known.loadUnaligned(fromByteOffset: place + 8, as: UInt16.self), now)
      {
        return true
      }
      place += bytesEach
    }
    return false
  }

  /// Remembers a hash in the cell at `place`, in place of the oldest when there are enough.
  static func remember(
    _ hash: UInt64, receivedMs: Int64, in block: inout CellBlock, at place: Int
  ) {
    let count = block.data(place).count
    if count < hashesMax * bytesEach {
      block.growData(place, by: bytesEach)
    } else {
      let data = block.data(place)
      data.copyMemory(from: UnsafeRawBufferPointer(rebasing: data[bytesEach...]))
    }
    let data = block.data(place)
    data.storeBytes(of: hash, toByteOffset: data.count - bytesEach, as: UInt64.self)
    data.storeBytes(of: hour(receivedMs), toByteOffset: data.count - 2, as: UInt16.self)
  }

  private static func hour(_ ms: Int64) -> UInt16 { UInt16(truncatingIfNeeded: ms / msPerHour) }

  /// Clocks may step back a little; an hour "ahead" of now is recent too.
  @inline(__always)
  private static func isRecent(_ hour: UInt16, _ now: UInt16) -> Bool {
    let age = now &- hour
    return age <= hoursMax || age > UInt16.max - hoursMax
  }
}
