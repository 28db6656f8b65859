/// Series and their names.
extension StateReader {
  func series(_ name: SeriesName) throws(StoreError) -> Int64? {
    bind(seriesQuery, name, texts: 4)
    defer { seriesQuery.reset() }
    return try seriesQuery.step() ? seriesQuery.integer(0) : nil
  }

  /// The largest series id ever given.
  func lastSeries() throws(StoreError) -> Int64 {
    defer { lastSeriesQuery.reset() }
    return try lastSeriesQuery.step() ? lastSeriesQuery.integer(0) : 0
  }

  func isSeries(_ id: Int64, _ name: SeriesName, in year: Int32) throws(StoreError) -> Bool {
    bind(seriesYearQuery, name, texts: 3)
    seriesYearQuery.bind(5, Int64(year))
    seriesYearQuery.bind(6, id)
    defer { seriesYearQuery.reset() }
    return try seriesYearQuery.step()
  }

  /// How many values of the dimension have counted in a year, not counting the one for all others.
  func values(_ name: SeriesName, year: Int32) throws(StoreError) -> Int {
    bind(valuesOfYearQuery, name, texts: 3)
    valuesOfYearQuery.bind(5, Int64(year))
    defer { valuesOfYearQuery.reset() }
    return try valuesOfYearQuery.step() ? Int(valuesOfYearQuery.integer(0)) : 0
  }

  func hasSubject(_ name: SeriesName) throws(StoreError) -> Bool {
    bind(hasSubjectQuery, name, texts: 2)
    defer { hasSubjectQuery.reset() }
    return try hasSubjectQuery.step()
  }

  func hasDimension(_ name: SeriesName) throws(StoreError) -> Bool {
    bind(hasDimensionQuery, name, texts: 3)
    defer { hasDimensionQuery.reset() }
    return try hasDimensionQuery.step()
  }

  /// Calls `body` with each subject of a metric that is not empty.
  func subjects(
    _ name: SeriesName, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) {
    try walk(nextSubjectQuery, name, texts: 1, body)
  }

  /// Calls `body` with each dimension of a subject that is not empty.
  func dimensions(
    _ name: SeriesName, _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) {
    try walk(nextDimensionQuery, name, texts: 2, body)
  }

  /// Binds app, then the first `texts` of metric, subject, dimension and value.
  private func bind(_ statement: SQLiteStatement, _ name: SeriesName, texts: Int32) {
    statement.bind(1, Int64(name.app))
    statement.bind(2, text: name.metric)
    if texts > 1 { statement.bind(3, text: name.subject) }
    if texts > 2 { statement.bind(4, text: name.dimension) }
    if texts > 3 { statement.bind(5, text: name.value) }
  }

  private func walk(
    _ statement: SQLiteStatement, _ name: SeriesName, texts: Int32,
    _ body: (UnsafeRawBufferPointer) -> Void
  ) throws(StoreError) {
    var last: [UInt8] = []
    var goesOn = true
    while goesOn {
      bind(statement, name, texts: texts)
      goesOn = false
      try last.withBytes { (bytes) throws(StoreError) in
        statement.bind(texts + 2, text: bytes)
        goesOn = try statement.step()
      }
      if goesOn {
        last = Array(statement.bytes(0))
        last.withUnsafeBytes(body)
      }
      statement.reset()
    }
  }
}

/// Names a line of counters in borrowed bytes.
struct SeriesName {
  let app: UInt32
  /// "<plugin>.<metric>".
  let metric: UnsafeRawBufferPointer
  var subject: UnsafeRawBufferPointer
  var dimension: UnsafeRawBufferPointer
  var value: UnsafeRawBufferPointer

  /// The same with the metric's number.
  @inline(__always)
  func line(_ metric: Int) -> LineName {
    LineName(app: app, metric: metric, subject: subject, dimension: dimension, value: value)
  }
}
