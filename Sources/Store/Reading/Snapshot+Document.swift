/// How a document is rendered.
package struct DocumentOptions: OptionSet, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Leaves `meta` out.
  package static let withoutMeta = DocumentOptions(rawValue: 1)
  /// Only what changed today: the current day, and the current month's, week's and year's own
  /// buckets (`action=refresh`).
  package static let todayOnly = DocumentOptions(rawValue: 2)
  /// Strings are not escaped for HTML (`noescape=true`).
  package static let unescaped = DocumentOptions(rawValue: 4)
}

extension Snapshot {
  /// The nested time document of a metric as JSON; `{}` when there is nothing.
  ///
  /// Without a dimension it shows the total and every declared dimension; with one, each level
  /// holds that dimension's values instead. It returns the months of the current and of the
  /// previous period.
  package func document(
    _ metric: MetricDefinition, app: UInt32, subject: String = "", dimension: String? = nil,
    value: String? = nil, period: Period, options: DocumentOptions = []
  ) throws -> [UInt8] {
    try document(
      metric, app: app, subjects: [subject], dimension: dimension, value: value, period: period,
      options: options)
  }

  /// The same over several subjects, whose additive measures are added up.
  package func document(
    _ metric: MetricDefinition, app: UInt32, subjects: [String], dimension: String? = nil,
    value: String? = nil, period: Period, options: DocumentOptions = []
  ) throws -> [UInt8] {
    let shape = DocumentShape(metric, dimension: dimension)
    let range = DocumentRange(
      period, weekGrain: shape.weekGrain, todayOnly: options.contains(.todayOnly))
    let months = DocumentMonths(
      transaction, metric, app: app, subjects: subjects, dimension: dimension, value: value,
      options: options)
    let source = try DocumentSource(
      transaction, shape, app: app, subjects: subjects, value: value, range: range,
      kept: months.kept(range))
    guard !source.slots.isEmpty else { return Array("{}".utf8) }
    let wantsSegments = metric.limits.dimensions > 0 && !options.contains(.withoutMeta)
    let segments = wantsSegments ? try dimensions(metric, app: app, subjects: subjects) : []
    var renderer = DocumentRenderer(source, options: options)
    defer { months.keep(renderer.made) }
    return renderer.render(segments: segments)
  }

  private func dimensions(
    _ metric: MetricDefinition, app: UInt32, subjects: [String]
  ) throws -> [String] {
    var names: [String] = []
    for subject in subjects {
      let query = SeriesQuery(transaction, app: app, metric: metric.storedName, subject: subject)
      for name in try query.dimensions() where !names.contains(name) { names.append(name) }
    }
    return names
  }
}
