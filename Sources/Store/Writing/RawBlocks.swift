import CZstd

/// Raw items on their way to the month files, many to a compressed block: items of one stream repeat
/// each other, so that a block takes a fraction of their room, and a commit writes a few long rows
/// instead of thousands of short ones.
struct RawBlocks: Sendable {
  /// One row of a month file.
  struct Block: Sendable {
    let month: Int32
    let first: RawKey
    let last: RawKey
    let items: Int
    /// Bytes of the items before compression.
    let plainBytes: Int
    /// The range of event times of each app.
    let spans: [UInt32: ClosedRange<Int64>]
    let bytes: Range<Int>
  }

  private(set) var blocks: ContiguousArray<Block> = []
  private(set) var bytes: ContiguousArray<UInt8> = []

  var items: Int { blocks.reduce(0) { $0 + $1.items } }

  mutating func append(
    _ packed: UnsafeRawBufferPointer, _ block: (_ bytes: Range<Int>) -> Block
  ) {
    blocks.append(block(bytes.count..<bytes.count + packed.count))
    bytes.append(contentsOf: packed)
  }
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

  /// Takes a block's bytes apart again; `plainBytes` is what its row says.
  static func unpack(_ packed: UnsafeRawBufferPointer, plainBytes: Int) throws(StoreError) -> [UInt8] {
    guard plainBytes >= 0, plainBytes <= RawPacker.plainBytesMax else { throw damaged }
    var size = 0
    let plain = [UInt8](unsafeUninitializedCapacity: plainBytes) { plain, count in
      size = ZSTD_decompress(plain.baseAddress, plainBytes, packed.baseAddress, packed.count)
      count = ZSTD_isError(size) == 0 ? size : 0
    }
    guard size == plainBytes else { throw damaged }
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
