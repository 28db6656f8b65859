extension Snapshot {
  /// Who was there on any of the days; nil where nobody is known to have been.
  func sketch(of series: Int64, _ days: Range<Int32>) throws -> UserSketch? {
    var sketch = UserSketch()
    var first = CivilDate(day: days.lowerBound).firstOfMonth
    while first.ordinal < days.upperBound {
      let month = first.ordinal..<first.nextMonth.ordinal
      let part = month.clamped(to: days)
      sketch.merge(
        try part == month
          ? wholeMonth(first.year * 100 + first.month, part, of: series)
          : putTogether(part, of: series))
      first = first.nextMonth
    }
    return sketch.count == 0 ? nil : sketch
  }

  /// A month that no commit has changed is put together once.
  private func wholeMonth(
    _ month: Int32, _ days: Range<Int32>, of series: Int64
  ) throws -> UserSketch {
    let caches = transaction.caches
    let key = SketchCache.Key(series: series, month: month)
    let changed = caches.commits.lastChanges(of: [month])[0]
    if let kept = caches.sketches.sketch(key, version: transaction.version, changed: changed) {
      return kept
    }
    let made = try putTogether(days, of: series)
    caches.sketches.keep(made, key, version: transaction.version)
    return made
  }

  private func putTogether(_ days: Range<Int32>, of series: Int64) throws -> UserSketch {
    var sketch = UserSketch()
    let sql = "SELECT body FROM sketch WHERE series = ? AND day BETWEEN ? AND ?"
    try ReadStatement(transaction, sql).forEach([
      .integer(series), .integer(Int64(days.lowerBound)), .integer(Int64(days.upperBound - 1)),
    ]) { row in
      let day = row.bytes(0).withUnsafeBytes { UserSketch(bytes: $0) }
      if let day { sketch.merge(day) }
    }
    return sketch
  }
}
