import Foundation

/// Taking raw items out again.
extension RawFiles {
  /// Unlinks the files of months that were over by then; answers how many.
  func unlink(before ms: Int64) throws(StoreError) -> Int {
    var month = MonthOfReceipt()
    let first = month.of(ms: ms)
    var count = 0
    for path in Self.paths(in: directory) {
      guard let own = Self.month(of: path), own < first else { continue }
      letGo(of: own)
      // The write-ahead log goes last: without its file it says nothing.
      for suffix in ["", "-wal", "-shm"] { Glibc.unlink(path + suffix) }
      count += 1
    }
    if count > 0 { try DatabaseFile.syncDirectory(directory) }
    return count
  }

  /// Takes items out of the next blocks of a file; answers how many, and the last block that was
  /// looked at: nil at the end.
  func remove(
    _ removal: RawRemoval, in path: String, after id: Int64
  ) throws -> (items: Int, last: Int64?) {
    guard let month = Self.month(of: path), FileManager.default.fileExists(atPath: path) else {
      return (0, nil)
    }
    return try file(month: month).remove(removal, after: id)
  }

  /// `year * 100 + month` of a file's name.
  static func month(of path: String) -> Int32? {
    let name = ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    let parts = name.split(separator: "-").compactMap { Int32($0) }
    return parts.count == 2 ? parts[0] * 100 + parts[1] : nil
  }
}

extension RawFile {
  /// Blocks that are looked at in one transaction.
  private static let stepBlocks = 64

  fileprivate func remove(
    _ removal: RawRemoval, after id: Int64
  ) throws -> (items: Int, last: Int64?) {
    if let app = removal.app {
      let known = try connection.integer("SELECT count(*) FROM span WHERE app = \(app)") ?? 0
      guard known > 0 else { return (0, nil) }
    }
    var last = id
    var items = 0
    var isOver = false
    let next = try connection.prepare(
      """
      SELECT id, plain_bytes, checksum, block FROM raw WHERE id > ? ORDER BY id LIMIT 1
      """)
    // What was deleted is overwritten: it may be somebody's.
    try connection.execute("PRAGMA secure_delete=ON")
    let delete = try connection.prepare("DELETE FROM raw WHERE id = ?")
    try connection.transaction {
      for _ in 0..<Self.stepBlocks {
        next.bind(1, last)
        guard try next.step() else {
          isOver = true
          break
        }
        last = next.integer(0)
        let split = try split(next, removal)
        next.reset()
        // Blocks lie in the order of receipt: behind the first that is young enough, all are.
        if let before = removal.receivedBeforeMs, split.oldestMs >= before {
          isOver = true
          break
        }
        guard split.gone > 0 else { continue }
        items += split.gone
        delete.bind(1, last)
        try delete.run()
        for block in split.kept.blocks { try write(block) }
      }
      next.reset()
    }
    return (items, isOver ? nil : last)
  }

  /// What becomes of a block.
  private struct Split {
    /// The items that stay, packed anew when some go.
    var kept = RawBlocks()
    var gone = 0
    var oldestMs = Int64.max
  }

  private func split(_ row: SQLiteStatement, _ removal: RawRemoval) throws -> Split {
    let plain = try RawRecord.unpack(
      row.bytes(3), plainBytes: Int(row.integer(1)),
      checksum: UInt64(bitPattern: row.integer(2)))
    var split = Split()
    var kept: [RawItem] = []
    try plain.withUnsafeBytes { bytes in
      try RawRecord.forEach(bytes) { item in
        split.oldestMs = min(split.oldestMs, item.receivedMs)
        if removal.takes(item) { split.gone += 1 } else { kept.append(item) }
        return true
      }
    }
    guard split.gone > 0 else { return split }
    let packer = RawPacker()
    for item in kept {
      item.body.withUnsafeBytes { body in
        item.facts.withUnsafeBytes { facts in
          packer.append(
            key: item.key, app: item.app, user: item.user, timestampMs: item.timestampMs,
            receivedMs: item.receivedMs, body: body, facts: facts)
        }
      }
    }
    split.kept = packer.take()
    return split
  }
}
