import Foundation

/// The raw items of one month of receipt.
final class RawFile {
  /// Marks a file as Tally's raw rows: "TLLR".
  static let applicationID: Int32 = 0x544C_4C52

  let path: String
  let connection: SQLiteConnection
  private let insert: SQLiteStatement
  private let span: SQLiteStatement
  private let deleteBeyond: SQLiteStatement
  private let last: SQLiteStatement
  private let checkpoint: Checkpoint

  init(path: String, tuning: StoreTuning) throws(StoreError) {
    self.path = path
    connection = try DatabaseFile.open(
      path: path, applicationID: Self.applicationID, pageBytes: tuning.rawPageBytes,
      walPagesKept: tuning.rawWalPagesMax)
    // `raw.id` and `raw.last` are the `RawKey`s of a block's first and last item. `span` is the range
    // of event times an app has in this file.
    try connection.execute(
      """
      CREATE TABLE IF NOT EXISTS raw(
        id INTEGER PRIMARY KEY, last INT NOT NULL, items INT NOT NULL, plain_bytes INT NOT NULL,
        checksum INT NOT NULL, block BLOB NOT NULL);
      CREATE TABLE IF NOT EXISTS span(
        app INTEGER PRIMARY KEY, first_ms INT NOT NULL, last_ms INT NOT NULL);
      """)
    insert = try connection.prepare("INSERT OR REPLACE INTO raw VALUES(?,?,?,?,?,?)")
    span = try connection.prepare(
      """
      INSERT INTO span VALUES(?,?,?) ON CONFLICT DO UPDATE SET
        first_ms=min(first_ms, excluded.first_ms), last_ms=max(last_ms, excluded.last_ms)
      """)
    deleteBeyond = try connection.prepare("DELETE FROM raw WHERE id >= ?")
    last = try connection.prepare("SELECT max(id) FROM raw")
    checkpoint = Checkpoint(connection.handle, path: path, pagesMax: tuning.rawWalPagesMax)
  }

  deinit {
    checkpoint.end()
  }

  /// Deletes the blocks of requests behind a position; almost always there are none. No block
  /// reaches over a commit, so none is cut.
  func delete(beyond position: UInt64) throws(StoreError) {
    let first = RawKey(position: position + 1, item: 0).rawValue
    let found = try last.step() && !last.isNull(0) && last.integer(0) >= first
    last.reset()
    guard found else { return }
    deleteBeyond.bind(1, first)
    try deleteBeyond.run()
  }

  /// Writes blocks in a transaction of its own.
  func write(_ blocks: ArraySlice<RawBlocks.Block>) throws {
    try connection.transaction {
      for block in blocks {
        try write(block)
        for (app, range) in block.spans {
          span.bind(1, Int64(app))
          span.bind(2, range.lowerBound)
          span.bind(3, range.upperBound)
          try span.run()
        }
      }
    }
  }

  /// Writes a block anew without some of its items, keeping its place; an empty one goes.
  func rewrite(_ id: Int64, without isGone: (RawItem) -> Bool) throws {
    let packer = RawPacker()
    for item in try RawSearch(path: path).items(of: id) where !isGone(item) {
      item.body.withUnsafeBytes { body in
        item.facts.withUnsafeBytes { facts in
          packer.append(
            key: item.key, app: item.app, user: item.user, timestampMs: item.timestampMs,
            receivedMs: item.receivedMs, body: body, facts: facts)
        }
      }
    }
    let delete = try connection.prepare("DELETE FROM raw WHERE id = ?")
    try connection.transaction {
      delete.bind(1, id)
      try delete.run()
      for block in packer.take().blocks { try write(block) }
    }
  }

  /// False when a reader is in the way.
  func emptyLog() throws(StoreError) -> Bool { try checkpoint.empty() }

  func checkpointIfDue() throws(StoreError) {
    if checkpoint.isDue { try checkpoint.run() }
  }

  func write(_ block: RawBlocks.Block) throws(StoreError) {
    insert.bind(1, block.first.rawValue)
    insert.bind(2, block.last.rawValue)
    insert.bind(3, Int64(block.items))
    insert.bind(4, Int64(block.plainBytes))
    insert.bind(5, Int64(bitPattern: block.checksum))
    try block.bytes.withBytes { (bytes) throws(StoreError) in
      insert.bind(6, blob: bytes)
      try insert.run()
    }
  }
}
