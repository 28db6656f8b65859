/// Which measures of a metric go into which grains, for one kind of its series: a bit per measure,
/// per grain.
struct SeriesPlan: Sendable {
  typealias Masks = SIMD8<UInt8>

  /// SUM, MIN and MAX measures.
  private(set) var added = Masks()
  private(set) var unique = Masks()
  private(set) var new = Masks()
  /// The raw value of each measure's kind.
  private var kinds = Masks()
  let shape: Int32
  let measures: Int
  /// Grains that have SUM, MIN or MAX measures.
  private(set) var grainsAdded = 0
  /// Whether its users are kept by the day, so that those of any days can be told: totals of
  /// metrics without subjects, which are few.
  private(set) var isSketched = false

  @inline(__always)
  func kind(_ measure: Int) -> Measure.Kind {
    Measure.Kind(rawValue: UInt32(kinds[measure])) ?? .sum
  }

  /// What kind of series a plan is for.
  enum Role {
    case total
    case declared(Dimension)
    case further
  }

  init(_ metric: MetricDefinition, role: Role, shape: Int32) {
    self.shape = shape
    measures = metric.measures.count
    for (place, measure) in metric.measures.enumerated() {
      kinds[place] = UInt8(measure.kind.rawValue)
      let grains =
        switch role {
        case .total: metric.grains(measure: place, dimension: nil)
        case .declared(let dimension): metric.grains(measure: place, dimension: dimension)
        case .further: metric.grainsOfFurtherDimension(measure: place)
        }
      for grain in Grain.allCases where grains & grain.rawValue != 0 {
        let bit = UInt8(1) << UInt8(place)
        switch measure.kind {
        case .sum, .minimum, .maximum: added[grain.index] |= bit
        case .unique: unique[grain.index] |= bit
        case .new: new[grain.index] |= bit
        }
      }
    }
    grainsAdded = Grain.allCases.count { added[$0.index] != 0 }
    if case .total = role, metric.limits.subjects == 0 {
      isSketched = unique[Grain.day.index] != 0
    }
  }
}

/// A metric that was registered, ready for use.
struct RegisteredMetric {
  let definition: MetricDefinition
  let storedName: [UInt8]
  /// Of the total, of each declared dimension in order, of further dimensions.
  let plans: [SeriesPlan]
  /// Where these lie among the plans of all metrics.
  let firstPlan: Int
  let dimensionNames: [[UInt8]]

  init(_ definition: MetricDefinition, shape: Int32, firstPlan: Int) {
    self.definition = definition
    storedName = Array(definition.storedName.utf8)
    self.firstPlan = firstPlan
    dimensionNames = definition.dimensions.map { Array($0.name.utf8) }
    plans =
      [SeriesPlan(definition, role: .total, shape: shape)]
      + definition.dimensions.map { SeriesPlan(definition, role: .declared($0), shape: shape) }
      + [SeriesPlan(definition, role: .further, shape: shape)]
  }

  /// The place of a dimension's plan among those of all metrics.
  func plan(ofDimension dimension: UnsafeRawBufferPointer) -> Int {
    if dimension.isEmpty { return firstPlan }
    return firstPlan + 1 + (declared(dimension) ?? dimensionNames.count)
  }

  /// The place of a declared dimension.
  func declared(_ dimension: UnsafeRawBufferPointer) -> Int? {
    dimensionNames.firstIndex { name in
      name.withUnsafeBytes { $0.count == dimension.count && $0.elementsEqual(dimension) }
    }
  }
}
