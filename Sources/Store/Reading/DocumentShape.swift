/// A level of the nested time document.
enum DocumentLevel: Int, CaseIterable {
  case hour, day, month, year, week

  func grain(weeks: Grain) -> Grain {
    switch self {
    case .hour: .hour
    case .day: .day
    case .month: .month
    case .year: .year
    case .week: weeks
    }
  }
}

/// One value for each level.
struct ByLevel<Value> {
  private var values: [Value]

  init(_ value: (DocumentLevel) throws -> Value) rethrows {
    values = try DocumentLevel.allCases.map(value)
  }

  subscript(level: DocumentLevel) -> Value {
    get { values[level.rawValue] }
    set { values[level.rawValue] = newValue }
  }
}

/// Series of a document that are stored and shown alike: the total, or one dimension.
struct DocumentGroup {
  enum Style: Equatable {
    /// The measures stand in the level itself.
    case total
    /// `"<value>": {measures}`.
    case inline
    /// `"<name>": {"<value>": first measure}`, the first that is stored.
    case histogram(measure: Int)
  }

  let dimension: String
  let style: Style
  /// The name of its values' list in `meta`.
  let meta: String
  /// By level, a bit per measure that has buckets of its own there.
  let own: ByLevel<UInt32>
  /// By level, a bit per measure that is the sum of the level below.
  let summed: ByLevel<UInt32>
}

/// What a document of one metric is made of.
struct DocumentShape {
  let metric: MetricDefinition
  let groups: [DocumentGroup]
  /// The weeks it shows: those of the core documents where the metric stores them, else ISO weeks.
  let weekGrain: Grain

  /// Without a dimension: the total and every declared dimension; else the values of that one
  /// alone.
  init(_ metric: MetricDefinition, dimension: String?) {
    self.metric = metric
    let stored = Self.storedGrains(metric)
    let weekGrain: Grain = stored & Grain.week.rawValue != 0 ? .week : .isoWeek
    self.weekGrain = weekGrain
    if let dimension {
      groups = [Self.group(metric, values: dimension, weekGrain)]
    } else {
      groups =
        [Self.total(metric, weekGrain)]
        + metric.dimensions.map { Self.group(metric, $0, weekGrain) }
    }
  }

  private static func storedGrains(_ metric: MetricDefinition) -> UInt32 {
    metric.measures.reduce(0) { $0 | $1.grains } | metric.dimensions.reduce(0) { $0 | $1.grains }
  }

  private static func total(_ metric: MetricDefinition, _ weekGrain: Grain) -> DocumentGroup {
    let grains = metric.measures.indices.map { metric.grains(measure: $0, dimension: nil) }
    return make(metric, "", .total, meta: "", grains: grains, weekGrain)
  }

  private static func group(
    _ metric: MetricDefinition, _ dimension: Dimension, _ weekGrain: Grain
  ) -> DocumentGroup {
    let grains = metric.measures.indices.map { metric.grains(measure: $0, dimension: dimension) }
    let first = grains.firstIndex { $0 != 0 } ?? 0
    let style: DocumentGroup.Style =
      dimension.style == .histogram ? .histogram(measure: first) : .inline
    return make(metric, dimension.name, style, meta: dimension.meta, grains: grains, weekGrain)
  }

  /// The values of one dimension, declared or not, as a document of their own.
  private static func group(
    _ metric: MetricDefinition, values name: String, _ weekGrain: Grain
  ) -> DocumentGroup {
    let declared = metric.dimension(named: name)
    let grains = metric.measures.indices.map {
      declared == nil
        ? metric.grainsOfFurtherDimension(measure: $0)
        : metric.grains(measure: $0, dimension: declared)
    }
    return make(metric, name, .inline, meta: declared?.meta ?? name, grains: grains, weekGrain)
  }

  private static func make(
    _ metric: MetricDefinition, _ dimension: String, _ style: DocumentGroup.Style, meta: String,
    grains: [UInt32], _ weekGrain: Grain
  ) -> DocumentGroup {
    var own = ByLevel<UInt32> { _ in 0 }
    var summed = own
    for (place, measure) in metric.measures.enumerated() {
      let bit = UInt32(1) << UInt32(place)
      let isAdditive = measure.kind != .unique
      var isBelow = false
      for level in [DocumentLevel.hour, .day, .month, .year] {
        let isStored = grains[place] & level.grain(weeks: weekGrain).rawValue != 0
        // A sum over what is returned below always agrees with it; the own bucket of an additive
        // measure is read only where nothing is stored below.
        if isAdditive && isBelow && !(level == .day && isStored) {
          summed[level] |= bit
        } else if isStored {
          own[level] |= bit
        }
        isBelow = isBelow || isStored
      }
      // Weeks hold what cannot be summed from days, and histograms.
      let isWeekly = !isAdditive || style.isHistogram
      if isWeekly && grains[place] & weekGrain.rawValue != 0 { own[.week] |= bit }
    }
    return DocumentGroup(dimension: dimension, style: style, meta: meta, own: own, summed: summed)
  }
}

extension DocumentGroup.Style {
  var isHistogram: Bool {
    if case .histogram = self { true } else { false }
  }
}
