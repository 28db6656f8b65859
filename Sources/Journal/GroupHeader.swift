import CCRC32C

/// What stands before the entries of one group on disk. Little-endian, 80 bytes, the last four of
/// them the checksum of the others.
///
/// Beside the group itself it says what was known when it was written: up to where this segment and
/// the one before it were durable. Recovery tells a torn tail from corruption by that.
struct GroupHeader: Equatable {
  static let size = 80
  /// "TALLYGRP" after a byte that text never holds, so that the search for a header after damage is
  /// quick.
  static let magic: UInt64 = 0x5052_4759_4C41_54F5
  static let magicFirstByte = UInt8(truncatingIfNeeded: magic)
  static let version: UInt16 = 1

  /// The segment's number and the offset in it: a header that was moved is not one.
  var sequence: UInt64
  var offset: Int
  /// The same in all groups of a segment and known to nobody outside, so that nothing a client
  /// sends can look like a header.
  var nonce: UInt64
  var firstPosition: UInt64
  var entryCount: Int
  var bodyBytes: Int
  /// The last position that had been answered as kept before this group.
  var priorPosition: UInt64
  /// Synced up to here in this segment.
  var durableOffset: Int
  /// Where the segment before this one ends; anything after it was refused.
  var previousEnd: Int
  /// The segment before this one was synced up to its end.
  var previousIsDurable: Bool

  var end: Int { offset + Self.size + bodyBytes }

  /// The position of the last entry; the one before `firstPosition` when there is none.
  var lastPosition: UInt64 { firstPosition + UInt64(entryCount) - 1 }

  /// One header for this group and the one that follows at once, in the file and in positions; nil
  /// when that one does not.
  func joined(with next: GroupHeader) -> GroupHeader? {
    guard next.offset == end, next.priorPosition == lastPosition,
      next.firstPosition == lastPosition + 1
    else { return nil }
    var both = self
    both.entryCount += next.entryCount
    both.bodyBytes = next.end - offset - Self.size
    both.durableOffset = max(durableOffset, next.durableOffset)
    return both
  }

  func write(to bytes: UnsafeMutableRawPointer) {
    func put<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
      bytes.storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
    }
    put(Self.magic, at: 0)
    put(Self.version, at: 8)
    put(UInt16(previousIsDurable ? 1 : 0), at: 10)
    put(UInt32(entryCount), at: 12)
    put(sequence, at: 16)
    put(UInt64(offset), at: 24)
    put(nonce, at: 32)
    put(firstPosition, at: 40)
    put(priorPosition, at: 48)
    put(UInt64(durableOffset), at: 56)
    put(UInt64(previousEnd), at: 64)
    put(UInt32(bodyBytes), at: 72)
    put(tally_crc32c(0, bytes, Self.size - 4), at: 76)
  }

  /// Nil unless the bytes are a whole header of this segment, meant for this offset.
  init?(_ bytes: UnsafeRawPointer, sequence: UInt64, offset: Int) {
    func get<Value: FixedWidthInteger>(_ offset: Int, _: Value.Type) -> Value {
      Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
    guard get(0, UInt64.self) == Self.magic, get(8, UInt16.self) == Self.version,
      get(76, UInt32.self) == tally_crc32c(0, bytes, Self.size - 4),
      get(16, UInt64.self) == sequence, get(24, UInt64.self) == UInt64(offset),
      let durableOffset = Int(exactly: get(56, UInt64.self)),
      let previousEnd = Int(exactly: get(64, UInt64.self))
    else { return nil }
    self.sequence = sequence
    self.offset = offset
    nonce = get(32, UInt64.self)
    firstPosition = get(40, UInt64.self)
    entryCount = Int(get(12, UInt32.self))
    bodyBytes = Int(get(72, UInt32.self))
    priorPosition = get(48, UInt64.self)
    self.durableOffset = durableOffset
    self.previousEnd = previousEnd
    previousIsDurable = get(10, UInt16.self) & 1 == 1
    let (last, overflow) = firstPosition.addingReportingOverflow(UInt64(entryCount))
    guard firstPosition > 0, !overflow, last < UInt64.max else { return nil }
  }

  init(
    sequence: UInt64, offset: Int, nonce: UInt64, firstPosition: UInt64, entryCount: Int,
    bodyBytes: Int, priorPosition: UInt64, durableOffset: Int, previousEnd: Int,
    previousIsDurable: Bool
  ) {
    self.sequence = sequence
    self.offset = offset
    self.nonce = nonce
    self.firstPosition = firstPosition
    self.entryCount = entryCount
    self.bodyBytes = bodyBytes
    self.priorPosition = priorPosition
    self.durableOffset = durableOffset
    self.previousEnd = previousEnd
    self.previousIsDurable = previousIsDurable
  }
}
