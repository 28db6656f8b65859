import Foundation
import GRDB

/// Cells that changed, in the form in which a commit keeps them first: a few long rows instead of
/// many scattered ones.
///
/// Writing each cell to its own place costs a page of the write-ahead log per user and commit, many
/// times the cell's size. So a commit appends what changed to `cell_log`, and cells reach the table
/// `cell` later, when the working set sweeps over its users in order (`UserCache+Sweep.swift`):
/// once for all changes since the last sweep, and neighbours together. Nothing rests on memory: log
/// and table together always hold the committed state.
///
/// A row holds records sorted by key: `key (8 bytes) · bytes of data (4) · bytes of seen (4) · data
/// · seen`.
struct CellLog: Sendable {
  /// A row. Each has memory of its own: one long array would be moved whenever it grows, and given
  /// back to the system with every commit.
  struct Chunk: Sendable {
    let first: CellKey
    let bytes: [UInt8]
  }

  /// Bytes from which on a row is full.
  static let chunkBytes = 16_384
  private static let headerBytes = 16

  private(set) var chunks: ContiguousArray<Chunk> = []
  /// Cells in it.
  private(set) var count = 0
  private var open: [UInt8] = []
  private var openFirst: CellKey?

  /// Bytes of all rows.
  var bytes: Int { chunks.reduce(0) { $0 + $1.bytes.count } }

  /// Appends a cell; keys must grow.
  mutating func append(
    _ key: CellKey, data: UnsafeMutableRawBufferPointer, seen: UnsafeMutableRawBufferPointer
  ) {
    if openFirst == nil {
      openFirst = key
      open.reserveCapacity(Self.chunkBytes + Self.chunkBytes / 8)
    }
    Self.append(key, data: .init(data), seen: .init(seen), to: &open)
    count += 1
    if open.count >= Self.chunkBytes { endChunk() }
  }

  static func append(
    _ key: CellKey, data: UnsafeRawBufferPointer, seen: UnsafeRawBufferPointer,
    to bytes: inout [UInt8]
  ) {
    var header = (key.rawValue, UInt32(data.count), UInt32(seen.count))
    withUnsafeBytes(of: &header) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: data)
    bytes.append(contentsOf: seen)
  }

  /// Ends the last chunk, which may be short.
  mutating func endChunk() {
    guard let first = openFirst else { return }
    chunks.append(Chunk(first: first, bytes: open))
    (open, openFirst) = ([], nil)
  }

  /// Calls `body` with each record of a row, in order; a damaged row is refused.
  static func forEach(
    _ row: UnsafeRawBufferPointer,
    _ body: (
      CellKey, _ data: UnsafeRawBufferPointer, _ seen: UnsafeRawBufferPointer
    ) throws(StoreError) -> Void
  ) throws(StoreError) {
    var place = 0
    while place < row.count {
      guard place + headerBytes <= row.count else { throw damaged }
      let key = row.loadUnaligned(fromByteOffset: place, as: Int64.self)
      let data = Int(row.loadUnaligned(fromByteOffset: place + 8, as: UInt32.self))
      let seen = Int(row.loadUnaligned(fromByteOffset: place + 12, as: UInt32.self))
      let start = place + headerBytes
      guard start + data + seen <= row.count else { throw damaged }
      try body(
        CellKey(rawValue: key), .init(rebasing: row[start..<start + data]),
        .init(rebasing: row[start + data..<start + data + seen]))
      place = start + data + seen
    }
  }

  private static var damaged: StoreError {
    StoreError(
      .corrupt, "a row of cell_log is cut short; run `tally verify`, then restore from a backup")
  }
}

extension Snapshot {
  /// The data of a cell as of this snapshot, wherever it lies; nil when there is none.
  func committedCell(_ key: CellKey) throws -> [UInt8]? {
    let flushes = try Int64.fetchAll(
      database, sql: "SELECT DISTINCT flush FROM cell_log ORDER BY flush DESC")
    let sql = "SELECT body FROM cell_log WHERE flush = ? AND first <= ? ORDER BY first DESC LIMIT 1"
    for flush in flushes {
      guard
        let row = try Data.fetchOne(database, sql: sql, arguments: [flush, key.rawValue]),
        let found = try Self.data(of: key, in: row)
      else { continue }
      return found.isEmpty ? nil : found
    }
    return try Data.fetchOne(
      database, sql: "SELECT data FROM cell WHERE id = ? AND data IS NOT NULL",
      arguments: [key.rawValue]
    ).map(Array.init)
  }

  private static func data(of key: CellKey, in row: Data) throws -> [UInt8]? {
    var found: [UInt8]?
    try row.withUnsafeBytes { bytes in
      try CellLog.forEach(bytes) { other, data, _ in if other == key { found = Array(data) } }
    }
    return found
  }
}
