import CCRC32C

/// What stands before each entry: its length and a checksum over length and bytes.
enum EntryFrame {
  static let size = 8

  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var length = UInt32(bytes.count).littleEndian
    let start = tally_crc32c(0, &length, 4)
    guard let base = bytes.baseAddress else { return start }
    return tally_crc32c(start, base, bytes.count)
  }

  static func write(
    _ bytes: UnsafeRawBufferPointer, checksum: UInt32, to target: UnsafeMutableRawPointer
  ) {
    target.storeBytes(of: UInt32(bytes.count).littleEndian, as: UInt32.self)
    target.storeBytes(of: checksum.littleEndian, toByteOffset: 4, as: UInt32.self)
    if let base = bytes.baseAddress {
      target.advanced(by: size).copyMemory(from: base, byteCount: bytes.count)
    }
  }

  static func length(at bytes: UnsafeRawPointer) -> Int {
    Int(UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)))
  }

  /// Whether the entry that begins here, known to lie in memory as a whole, is as it was written.
  static func isIntact(at bytes: UnsafeRawPointer, length: Int) -> Bool {
    let expected = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    return checksum(UnsafeRawBufferPointer(start: bytes.advanced(by: size), count: length))
      == expected
  }

  /// Whether a group's body is exactly `entryCount` entries, each as it was written.
  static func isIntact(body: UnsafeRawBufferPointer, entryCount: Int) -> Bool {
    guard let base = body.baseAddress else { return entryCount == 0 }
    var offset = 0
    for _ in 0..<entryCount {
      guard body.count - offset >= size else { return false }
      let entry = base.advanced(by: offset)
      let length = length(at: entry)
      guard body.count - offset - size >= length, isIntact(at: entry, length: length) else {
        return false
      }
      offset += size + length
    }
    return offset == body.count
  }
}
