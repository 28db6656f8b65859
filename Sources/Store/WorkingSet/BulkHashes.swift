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

  /// Nil when a body with that hash came within the last hours; else it is remembered, under the
  /// slot returned.
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
