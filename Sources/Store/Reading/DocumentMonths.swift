/// The months of one document that need not be written anew.
struct DocumentMonths {
  private let transaction: ReadTransaction
  private let metric: MetricDefinition
  private let document: MonthCache.Document
  /// A document of today alone has no whole months.
  private let hasWhole: Bool

  init(
    _ transaction: ReadTransaction, _ metric: MetricDefinition, app: UInt32, subjects: [String],
    dimension: String?, value: String?, options: DocumentOptions
  ) {
    self.transaction = transaction
    self.metric = metric
    document = MonthCache.Document(
      app: app, metric: metric.storedName, subjects: subjects, dimension: dimension, value: value,
      isUnescaped: options.contains(.unescaped))
    hasWhole = !options.contains(.todayOnly)
  }

  func kept(_ range: DocumentRange) -> [Int32: MonthCache.Month] {
    guard hasWhole else { return [:] }
    let caches = transaction.caches
    return caches.months.months(
      range.months, of: document, metric, version: transaction.version, caches.commits)
  }

  func keep(_ made: [Int32: MonthCache.Month]) {
    if hasWhole { transaction.caches.months.keep(made, of: document, metric) }
  }
}
