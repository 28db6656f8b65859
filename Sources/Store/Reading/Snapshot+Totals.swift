/// One line of totals over a period.
package struct SeriesTotal: Equatable, Sendable {
  /// The subject or the value; for a subject's total its own name.
  package let name: String
  /// By place of the measure. Decimals are in the units of their scale.
  package let measures: [Int64]
  /// How well the uniques are known.
  package let accuracy: Accuracy

  /// How far a number of unique users may be off.
  package enum Accuracy: Equatable, Sendable {
    case exact
    /// Estimated, with this standard error as a share of the number.
    case estimate(standardError: Double)
    /// At most as many.
    case upperBound
  }
}

extension Snapshot {
  /// Sums over the period: one line for the total of the subject, or with a dimension one per
  /// value. Largest first measure first; of equal ones the one discovered first. Lines without any
  /// count are left out.
  ///
  /// Unique measures are users of the period, never a sum over days: of the one bucket that is the
  /// period; else, of a metric's own total, out of the sketches of its days; else at most what the
  /// fewest buckets that cover it add up to.
  package func totals(
    _ metric: MetricDefinition, app: UInt32, subject: String = "", dimension: String? = nil,
    value: String? = nil, period: Period
  ) throws -> [SeriesTotal] {
    let query = SeriesQuery(transaction, app: app, metric: metric.storedName, subject: subject)
    guard let dimension else {
      let total = try query.total().map { [($0, subject)] } ?? []
      return try totals(
        of: total, metric, grains: metric.totalGrains, period,
        isSketched: metric.limits.subjects == 0)
    }
    let years = period.currentYears
    let values = try query.values(of: dimension, years: years, only: value)
      .map { ($0.series, $0.value) }
    return try totals(of: values, metric, grains: metric.grains(dimension: dimension), period)
  }

  /// The same with one line per subject.
  package func totalsBySubject(
    _ metric: MetricDefinition, app: UInt32, period: Period
  ) throws -> [SeriesTotal] {
    let subjects = try subjects(metric.storedName, app: app)
    let lines = subjects.compactMap { subject in subject.total.map { ($0, subject.name) } }
    return try totals(of: lines, metric, grains: metric.totalGrains, period)
  }

  private func totals(
    of lines: [(series: Int64, name: String)], _ metric: MetricDefinition, grains: [UInt32],
    _ period: Period, isSketched: Bool = false
  ) throws -> [SeriesTotal] {
    let plan = TotalsPlan(metric, grains: grains, period)
    let statement = try ReadStatement(transaction, plan.sql)
    var found: [SeriesTotal] = []
    for line in lines {
      let sketch = plan.isEstimate && isSketched ? try sketch(of: line.series, period.days) : nil
      let measures = try plan.measures(of: line.series, statement, sketch)
      guard measures.contains(where: { $0 != 0 }) else { continue }
      found.append(
        SeriesTotal(name: line.name, measures: measures, accuracy: plan.accuracy(sketch)))
    }
    // The order of equal lines is not left to the sort.
    return found.enumerated().sorted {
      let (left, right) = ($0.element.measures[0], $1.element.measures[0])
      return left == right ? $0.offset < $1.offset : left > right
    }.map(\.element)
  }
}

extension MetricDefinition {
  /// By measure, the grains in which the total stores it.
  var totalGrains: [UInt32] { measures.indices.map { grains(measure: $0, dimension: nil) } }

  /// By measure, the grains in which a dimension stores it, declared or not.
  func grains(dimension name: String) -> [UInt32] {
    guard let declared = dimension(named: name) else {
      return measures.indices.map { grainsOfFurtherDimension(measure: $0) }
    }
    return measures.indices.map { grains(measure: $0, dimension: declared) }
  }
}
