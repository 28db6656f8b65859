extension Snapshot {
  /// The subjects of a metric, or the dimensions of one subject, in order of discovery. An empty
  /// subject asks for the subjects where the metric has any.
  package func names(
    _ metric: MetricDefinition, app: UInt32, subject: String = ""
  ) throws -> [String] {
    if subject.isEmpty && metric.limits.subjects > 0 {
      return try subjects(metric.storedName, app: app).map(\.name)
    }
    return try SeriesQuery(transaction, app: app, metric: metric.storedName, subject: subject)
      .dimensions()
  }

  /// The dimensions of every subject of a metric, each in order of discovery, in one go.
  package func dimensionsBySubject(
    _ metric: MetricDefinition, app: UInt32
  ) throws -> [String: [String]] {
    var found: [String: [String]] = [:]
    let sql = """
      SELECT subject, dimension FROM series WHERE app = ? AND metric = ? AND dimension > ''
      GROUP BY subject, dimension ORDER BY MIN(id)
      """
    try ReadStatement(transaction, sql).forEach([.integer(Int64(app)), .text(metric.storedName)]) {
      found[$0.text(0), default: []].append($0.text(1))
    }
    return found
  }

  /// The values a dimension had in the years of the period, in order of discovery.
  package func values(
    _ metric: MetricDefinition, app: UInt32, subject: String = "", dimension: String, period: Period
  ) throws -> [String] {
    try SeriesQuery(transaction, app: app, metric: metric.storedName, subject: subject)
      .values(of: dimension, years: period.currentYears).map(\.value)
  }

  /// Subjects with the series of their total, in order of discovery. The index is asked for one
  /// subject after the other, so the many series of a subject's dimensions are never walked.
  func subjects(_ metric: String, app: UInt32) throws -> [(name: String, total: Int64?)] {
    let prefix: [ReadStatement.Argument] = [.integer(Int64(app)), .text(metric)]
    let next = try ReadStatement(
      transaction,
      """
      SELECT subject FROM series WHERE app = ? AND metric = ? AND subject > ?
      ORDER BY subject LIMIT 1
      """)
    let total = try ReadStatement(transaction, SeriesQuery.totalSQL)
    let first = try ReadStatement(
      transaction, "SELECT MIN(id) FROM series WHERE app = ? AND metric = ? AND subject = ?")
    var found: [(name: String, total: Int64?, id: Int64)] = []
    while let name = try next.text(prefix + [.text(found.last?.name ?? "")]) {
      let arguments = prefix + [.text(name)]
      let series = try total.integer(arguments)
      let id = try series ?? first.integer(arguments) ?? 0
      found.append((name, series, id))
    }
    return found.sorted { $0.id < $1.id }.map { ($0.name, $0.total) }
  }
}
