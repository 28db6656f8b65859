/// The main transaction: what every flush brings much of. The rest is in
/// `WriterStatements+Rows.swift`.
extension WriterStatements {
  /// Writes a flush, unless it was written before.
  func write(_ flush: Flush) throws(StoreError) {
    guard try !isWritten(flush) else { return }
    // First: the device id may already be somebody else's.
    try write(erasures: flush.erasures)
    try write(users: flush.users)
    try write(merges: flush.merges)
    try write(swept: flush.swept)
    try write(log: flush.log, of: flush.generation, sweptBefore: flush.sweptBefore)
    try write(series: flush.series, metrics: flush.metrics)
    try write(years: flush.seriesYears, metrics: flush.metrics)
    try write(counters: flush.counters)
    try write(daily: flush.daily)
    try write(documents: flush.documents)
    try write(rows: flush.rows)
    try write(properties: flush.properties)
    try write(deadLetters: flush.deadLetters)
    try write(settledLetters: flush.settledLetters)
    try write(bulkHashes: flush.bulkHashes)
    try write(ledger: flush.ledger)
    try write(services: flush.services)
    try write(positions: flush.positions)
    try remember(flush)
  }

  /// Whether this very flush was written before, though its answer was lost: writing it again would
  /// count it twice.
  private func isWritten(_ flush: Flush) throws(StoreError) -> Bool {
    defer { lastFlush.reset() }
    guard try lastFlush.step(), lastFlush.integer(0) == flush.run else { return false }
    return lastFlush.integer(1) >= Int64(flush.generation)
  }

  private func remember(_ flush: Flush) throws(StoreError) {
    writtenFlush.bind(1, flush.run)
    writtenFlush.bind(2, Int64(flush.generation))
    try writtenFlush.run()
  }

  private func write(users: Flush.Users) throws(StoreError) {
    try users.forEach { (line, device) throws(StoreError) in
      user.bind(1, Int64(line.app))
      user.bind(2, Int64(line.uid))
      user.bind(3, blob: device)
      user.bind(4, line.createdMs)
      try user.run()
    }
  }

  private func write(swept: CellLog) throws(StoreError) {
    for chunk in swept.chunks {
      try chunk.bytes.withBytes { (bytes) throws(StoreError) in
        try CellLog.forEach(bytes) { (key, data, seen) throws(StoreError) in
          cell.bind(1, key.rawValue)
          cell.bind(2, orNull: data)
          cell.bind(3, orNull: seen)
          try cell.run()
        }
      }
    }
  }

  private func write(
    log: CellLog, of generation: UInt64, sweptBefore: UInt64
  ) throws(StoreError) {
    for chunk in log.chunks {
      cellLog.bind(1, Int64(generation))
      cellLog.bind(2, chunk.first.rawValue)
      try chunk.bytes.withBytes { (bytes) throws(StoreError) in
        cellLog.bind(3, blob: bytes)
        try cellLog.run()
      }
    }
    guard sweptBefore > 0 else { return }
    sweptLog.bind(1, Int64(sweptBefore))
    try sweptLog.run()
  }

  private func write(series lines: [Flush.Series], metrics: [String]) throws(StoreError) {
    for line in lines {
      series.bind(1, line.id)
      series.bind(2, Int64(line.app))
      series.bind(3, copy: metrics[line.metric])
      try series.run(texts: line.subject, line.dimension, line.value, at: 4)
    }
  }

  private func write(years: [Flush.SeriesYear], metrics: [String]) throws(StoreError) {
    for line in years {
      seriesYear.bind(1, Int64(line.series.app))
      seriesYear.bind(2, copy: metrics[line.series.metric])
      seriesYear.bind(5, Int64(line.year))
      seriesYear.bind(6, line.series.id)
      try seriesYear.run(texts: line.series.subject, line.series.dimension, at: 3)
    }
  }

  private func write(counters lines: CounterRows) throws(StoreError) {
    var prepared: [(statement: SQLiteStatement, measures: Int)] = []
    for shape in lines.shapes { prepared.append((try counter(shape), shape.kinds.count)) }
    for row in lines.rows {
      let (statement, measures) = prepared[Int(row.shape)]
      statement.bind(1, row.key.series)
      statement.bind(2, row.key.grain)
      statement.bind(3, row.key.bucket)
      for place in 0..<measures {
        statement.bind(Int32(4 + place), lines.values[Int(row.values) + place])
      }
      try statement.run()
    }
  }
}
