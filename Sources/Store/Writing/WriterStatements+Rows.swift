/// The main transaction: what comes rarely.
extension WriterStatements {
  func write(positions: [Flush.Position]) throws(StoreError) {
    for line in positions {
      advance.bind(1, Int64(line.plugin))
      advance.bind(2, Int64(line.position))
      try advance.run()
    }
  }

  func write(documents: [Flush.Document]) throws(StoreError) {
    for line in documents {
      document.bind(1, Int64(line.plugin))
      document.bind(2, Int64(line.app))
      try line.body.withBytes { (body) throws(StoreError) in
        document.bind(5, blob: body)
        try document.run(texts: line.collection, line.key, at: 3)
      }
    }
  }

  /// Appends rows; of a capped table's key only the newest stay.
  func write(rows: [Flush.PluginRow]) throws(StoreError) {
    var capped: Set<CappedKey> = []
    for line in rows {
      bind(row, line.plugin, line.app, line.table)
      row.bind(5, Int64(line.uid))
      row.bind(6, line.receivedMs)
      try line.key.withBytes { (key) throws(StoreError) in
        row.bind(4, text: key)
        try row.run(blob: line.payload, at: 7)
      }
      guard line.rowsPerKey > 0 else { continue }
      capped.insert(
        CappedKey(
          plugin: line.plugin, app: line.app, table: line.table, key: line.key,
          rowsPerKey: line.rowsPerKey))
    }
    for line in capped {
      bind(prune, line.plugin, line.app, line.table)
      prune.bind(5, Int64(line.rowsPerKey))
      try prune.run(text: line.key, at: 4)
    }
  }

  func write(deadLetters: [Flush.DeadLetter]) throws(StoreError) {
    for line in deadLetters {
      deadLetter.bind(1, Int64(line.plugin))
      deadLetter.bind(2, Int64(line.position))
      deadLetter.bind(3, Int64(line.item))
      deadLetter.bind(4, Int64(line.app))
      deadLetter.bind(5, copy: line.reason)
      deadLetter.bind(6, line.receivedMs)
      deadLetter.bind(8, copy: line.step)
      try deadLetter.run(blob: line.body, at: 7)
    }
  }

  func write(merges: [MergedUser]) throws(StoreError) {
    for line in merges {
      merge.bind(1, Int64(line.app))
      merge.bind(2, Int64(line.from))
      merge.bind(3, Int64(line.into))
      merge.bind(4, line.key.rawValue)
      merge.bind(5, line.atMs)
      try merge.run()
    }
  }

  func write(settledLetters: [Int64]) throws(StoreError) {
    for id in settledLetters {
      settledLetter.bind(1, id)
      try settledLetter.run()
    }
  }

  func write(bulkHashes: [Flush.BulkHash]) throws(StoreError) {
    for line in bulkHashes {
      bulkHash.bind(1, Int64(line.app))
      bulkHash.bind(2, line.slot)
      bulkHash.bind(3, Int64(bitPattern: line.hash))
      bulkHash.bind(4, line.receivedSeconds)
      try bulkHash.run()
      oldBulkHash.bind(1, Int64(line.app))
      oldBulkHash.bind(2, line.slot - Int64(BulkHashes.hashesMax))
      try oldBulkHash.run()
    }
  }

  /// Puts users into the sketches of their days. A sketch is read and written here, by the one
  /// writer, so that nobody else has to hold it.
  func write(daily lines: ContiguousArray<Flush.DailyUser>) throws(StoreError) {
    var days: [SketchKey: [UInt64]] = [:]
    for line in lines { days[SketchKey(line.series, line.day), default: []].append(line.user) }
    for (key, new) in days.sorted(by: { $0.key < $1.key }) {
      var known = try users(of: key)
      known.insert(new)
      sketch.bind(1, key.series)
      sketch.bind(2, Int64(key.day))
      try sketch.run(blob: known.bytes, at: 3)
    }
  }

  private func users(of key: SketchKey) throws(StoreError) -> UserSketch {
    knownSketch.bind(1, key.series)
    knownSketch.bind(2, Int64(key.day))
    defer { knownSketch.reset() }
    guard try knownSketch.step() else { return UserSketch() }
    return UserSketch(bytes: knownSketch.bytes(0)) ?? UserSketch()
  }

  private struct SketchKey: Hashable, Comparable {
    let series: Int64
    let day: Int32

    init(_ series: Int64, _ day: Int32) {
      (self.series, self.day) = (series, day)
    }

    static func < (left: Self, right: Self) -> Bool {
      (left.series, left.day) < (right.series, right.day)
    }
  }

  func write(ledger lines: [LedgerKey: Int64]) throws(StoreError) {
    for (key, items) in lines {
      ledger.bind(1, Int64(key.app))
      ledger.bind(2, copy: key.reason)
      ledger.bind(3, items)
      try ledger.run()
    }
  }

  private struct CappedKey: Hashable {
    let plugin: Int
    let app: UInt32
    let table: String
    let key: [UInt8]
    let rowsPerKey: Int
  }

  private func bind(
    _ statement: SQLiteStatement, _ plugin: Int, _ app: UInt32, _ table: String
  ) {
    statement.bind(1, Int64(plugin))
    statement.bind(2, Int64(app))
    statement.bind(3, copy: table)
  }
}
