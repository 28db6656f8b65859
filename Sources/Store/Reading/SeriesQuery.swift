/// Finds the series of one metric and subject.
struct SeriesQuery {
  private let transaction: ReadTransaction
  private let prefix: [ReadStatement.Argument]

  init(_ transaction: ReadTransaction, app: UInt32, metric: String, subject: String) {
    self.transaction = transaction
    self.prefix = [.integer(Int64(app)), .text(metric), .text(subject)]
  }

  /// The series of the total.
  func total() throws -> Int64? {
    try ReadStatement(transaction, Self.totalSQL).integer(prefix)
  }

  static let totalSQL = """
    SELECT id FROM series
    WHERE app = ? AND metric = ? AND subject = ? AND dimension = '' AND value = ''
    """

  /// The values that a dimension had in those years, in order of discovery; `only` one of them.
  func values(
    of dimension: String, years: ClosedRange<Int32>, only value: String? = nil
  ) throws -> [(series: Int64, value: String)] {
    var found: [(series: Int64, value: String)] = []
    let sql = """
      SELECT id, value FROM series WHERE id IN (
        SELECT series FROM series_year
        WHERE app = ? AND metric = ? AND subject = ? AND dimension = ? AND year BETWEEN ? AND ?)
      \(value == nil ? "" : "AND value = ?") ORDER BY id
      """
    var rest: [ReadStatement.Argument] = [
      .text(dimension), .integer(Int64(years.lowerBound)), .integer(Int64(years.upperBound)),
    ]
    if let value { rest.append(.text(value)) }
    try ReadStatement(transaction, sql).forEach(prefix + rest) {
      found.append(($0.integer(0), $0.text(1)))
    }
    return found
  }

  /// The dimensions that were ever seen, in order of discovery.
  func dimensions() throws -> [String] {
    var found: [String] = []
    let sql = """
      SELECT dimension FROM series
      WHERE app = ? AND metric = ? AND subject = ? AND dimension > ''
      GROUP BY dimension ORDER BY MIN(id)
      """
    try ReadStatement(transaction, sql).forEach(prefix) { found.append($0.text(0)) }
    return found
  }
}
