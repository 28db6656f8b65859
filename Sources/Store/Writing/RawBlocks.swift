import CLZ4
import CXXHash

/// Raw items on their way to the month files, many to a block compressed by LZ4: items of one stream
/// repeat each other, so that a block takes a fraction of their room, and a commit writes a few long
/// rows instead of thousands of short ones.
struct RawBlocks: Sendable {
  /// One row of a month file.
  struct Block: Sendable {
    let month: Int32
    let first: RawKey
    let last: RawKey
    let items: Int
    /// Bytes of the items before compression.
    let plainBytes: Int
    /// XXH3 of these.
    let checksum: UInt64
    /// The range of event times of each app.
    let spans: [UInt32: ClosedRange<Int64>]
    /// Memory of its own, as with `CellLog.Chunk`.
    let bytes: [UInt8]
  }

  var blocks: ContiguousArray<Block> = []

  var items: Int { blocks.reduce(0) { $0 + $1.items } }
}

/// The bytes of a block before compression: per item, little-endian, `key (8) · user (8) ·
/// timestamp (8) · received (8) · app (4) · bytes of body (4) · bytes of facts (4) · body · facts`.
enum RawRecord {
  static let headerBytes = 44

  /// Calls `body` with each item of a block, in order, until it answers false.
  static func forEach(
    _ block: UnsafeRawBufferPointer, _ body: (RawItem) throws -> Bool
  ) throws {
    var place = 0
    while place < block.count {
      guard place + headerBytes <= block.count else { throw damaged }
      let bodyCount = Int(block.little32(place + 36))
      let factsCount = Int(block.little32(place + 40))
      let start = place + headerBytes
      let end = start + bodyCount + factsCount
      guard end <= block.count else { throw damaged }
      let item = RawItem(
        key: RawKey(rawValue: block.little64(place)),
        app: block.little32(place + 32),
        user: UInt64(bitPattern: block.little64(place + 8)),
        timestampMs: block.little64(place + 16), receivedMs: block.little64(place + 24),
        body: Array(block[start..<start + bodyCount]), facts: Array(block[start + bodyCount..<end]))
      if try !body(item) { return }
      place = end
    }
  }

  /// Whether one of a block's items is of one of those users.
  static func holds(_ block: UnsafeRawBufferPointer, app: UInt32, users: Set<UInt64>) -> Bool {
    var place = 0
    while place + headerBytes <= block.count {
      if block.little32(place + 32) == app,
        users.contains(UInt64(bitPattern: block.little64(place + 8)))
      {
        return true
      }
      place += headerBytes + Int(block.little32(place + 36)) + Int(block.little32(place + 40))
    }
    return false
  }

  /// Takes a block's bytes apart again; sizes and checksum are what its row says.
  static func unpack(
    _ packed: UnsafeRawBufferPointer, plainBytes: Int, checksum: UInt64
  ) throws(StoreError) -> [UInt8] {
    guard plainBytes >= 0, plainBytes <= RawPacker.plainBytesMax, packed.count <= Int(Int32.max)
    else { throw damaged }
    let plain = [UInt8](unsafeUninitializedCapacity: plainBytes) { room, count in
      room.withMemoryRebound(to: CChar.self) { room in
        let source = packed.assumingMemoryBound(to: CChar.self)
        let size = LZ4_decompress_safe(
          source.baseAddress, room.baseAddress, Int32(packed.count), Int32(plainBytes))
        count = max(0, Int(size))
      }
    }
    guard plain.count == plainBytes, XXH3_64bits(plain, plain.count) == checksum else {
      throw damaged
    }
    return plain
  }

  private static var damaged: StoreError {
    StoreError(
      .corrupt, "a block of raw items is damaged; run `tally verify`, then restore from a backup")
  }
}

extension UnsafeRawBufferPointer {
  fileprivate func little64(_ place: Int) -> Int64 {
    Int64(littleEndian: loadUnaligned(fromByteOffset: place, as: Int64.self))
  }

  fileprivate func little32(_ place: Int) -> UInt32 {
    UInt32(littleEndian: loadUnaligned(fromByteOffset: place, as: UInt32.self))
  }
}
