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

  /// The newest hashes of two users who are one, oldest first: of one hour as many of the newest of
  /// each, for it is the last requests of either that come again.
  static func union(_ one: [UInt8], _ other: [UInt8]) -> [UInt8] {
    var all: [(hour: UInt16, newer: Int, bytes: ArraySlice<UInt8>)] = []
    for hashes in [one, other] {
      for start in stride(from: 0, through: hashes.count - bytesEach, by: bytesEach) {
        let hour = UInt16(hashes[start + 8]) | UInt16(hashes[start + 9]) << 8
        let newer = (hashes.count - start) / bytesEach - 1
        all.append((hour, newer, hashes[start..<start + bytesEach]))
      }
    }
    // The hour is one of a circle; all of them are recent, so it is turned to where the oldest is.
    let newest = all.reduce(all.first?.hour ?? 0) { newest, next in
      next.hour &- newest <= UInt16.max / 2 ? next.hour : newest
    }
    return all.sorted { (newest &- $1.hour, $1.newer) < (newest &- $0.hour, $0.newer) }
      .suffix(hashesMax).flatMap(\.bytes)
  }

  private static func hour(_ ms: Int64) -> UInt16 { UInt16(truncatingIfNeeded: ms / msPerHour) }

  /// Clocks may step back a little; an hour "ahead" of now is recent too.
  @inline(__always)
  private static func isRecent(_ hour: UInt16, _ now: UInt16) -> Bool {
    let age = now &- hour
    return age <= hoursMax || age > UInt16.max - hoursMax
  }
}
