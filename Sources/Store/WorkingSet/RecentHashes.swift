/// The hashes of a user's last requests, as they are stored in the host's cell: ten bytes each, the hash and the hour
/// of receipt (modulo 65 536), oldest first.
enum RecentHashes {
  static let hashesMax = 32
  static let hoursMax: UInt16 = 72
  static let bytesEach = 10

  private static let msPerHour: Int64 = 3_600_000

  /// Whether a request with that hash came within the last hours. If not, it is remembered.
  static func isKnown(_ hash: UInt64, receivedMs: Int64, in bytes: inout [UInt8]) -> Bool {
    let hour = UInt16(truncatingIfNeeded: receivedMs / msPerHour)
    let found = bytes.withUnsafeBytes { known in
      stride(from: 0, to: known.count - bytesEach + 1, by: bytesEach).contains { place in
        known.loadUnaligned(fromByteOffset: place, as: UInt64.self) == hash
          && isRecent(known.loadUnaligned(fromByteOffset: place + 8, as: UInt16.self), hour)
      }
    }
    if !found { append(hash, hour, to: &bytes) }
    return found
  }

  /// Clocks may step back a little; an hour "ahead" of now is recent too.
  @inline(__always)
  private static func isRecent(_ hour: UInt16, _ now: UInt16) -> Bool {
    let age = now &- hour
    return age <= hoursMax || age > UInt16.max - hoursMax
  }

  private static func append(_ hash: UInt64, _ hour: UInt16, to bytes: inout [UInt8]) {
    if bytes.count >= hashesMax * bytesEach {
      bytes.removeFirst(bytes.count - (hashesMax - 1) * bytesEach)
    }
    withUnsafeBytes(of: hash.littleEndian) { bytes.append(contentsOf: $0) }
    withUnsafeBytes(of: hour.littleEndian) { bytes.append(contentsOf: $0) }
  }
}

/// The hashes of an app's last bulk bodies.
struct BulkHashes {
  static let hashesMax = 1_000
  static let secondsMax: Int64 = 72 * 3_600

  private var hashes: ContiguousArray<UInt64> = []
  private var received: ContiguousArray<Int64> = []
  /// The number of the next body; its place is this modulo `hashesMax`.
  private var next: Int64 = 0

  /// Puts back what was stored, oldest first.
  mutating func restore(slot: Int64, hash: UInt64, receivedSeconds: Int64) {
    put(slot: slot, hash: hash, receivedSeconds: receivedSeconds)
    next = slot + 1
  }

  /// Nil when a body with that hash came within the last hours; else it is remembered, under the slot returned.
  mutating func insert(_ hash: UInt64, receivedMs: Int64) -> Int64? {
    let seconds = receivedMs / 1_000
    for (place, known) in hashes.enumerated()
    where known == hash && abs(seconds - received[place]) <= Self.secondsMax {
      return nil
    }
    defer { next += 1 }
    put(slot: next, hash: hash, receivedSeconds: seconds)
    return next
  }

  private mutating func put(slot: Int64, hash: UInt64, receivedSeconds: Int64) {
    let place = Int(slot % Int64(Self.hashesMax))
    while hashes.count <= place {
      hashes.append(0)
      received.append(.min / 2)
    }
    hashes[place] = hash
    received[place] = receivedSeconds
  }
}
