/// One number of a metric.
package struct Measure: Equatable, Sendable {
  /// How values come together. Raw values are those of `TALLY_MEASURE_…` in the plugin contract.
  package enum Kind: UInt32, Sendable {
    case sum = 0
    /// Users, each once per bucket; not additive over buckets.
    case unique = 1
    /// Users who came for the first time.
    case new = 2
    /// The smallest value; 0 stands for "none yet".
    case minimum = 3
    /// The largest value; 0 stands for "none yet".
    case maximum = 4
  }

  /// As it appears in documents: "t", "u", "dur".
  package let name: String
  package let kind: Kind
  /// Where it is stored, as bits of `Grain`. Hours hold only for series without a dimension.
  package let grains: UInt32
  /// Decimals: 0 for whole numbers, 5 for units of 1e-5.
  package let scale: Int
  /// Left out of a document while zero.
  package let isOptional: Bool

  package init(name: String, kind: Kind, grains: UInt32, scale: Int = 0, isOptional: Bool = false) {
    self.name = name
    self.kind = kind
    self.grains = grains
    self.scale = scale
    self.isOptional = isOptional
  }
}

/// A dimension known beforehand.
package struct Dimension: Equatable, Sendable {
  /// How a document shows it. Raw values are those of `TALLY_DIMENSION_…` in the plugin contract.
  package enum Style: UInt32, Sendable {
    /// `"<value>": {measures}` beside the totals.
    case inline = 0
    /// `"<name>": {"<value>": first measure}`.
    case histogram = 1
  }

  package let name: String
  /// The list of its values in a document's `meta`.
  package let meta: String
  package let style: Style
  /// Distinct values a year, 0 for the metric's own limit; further ones are counted under
  /// `MetricDefinition.other`.
  package let valueLimit: Int
  /// A bit per measure, by place, that this dimension stores.
  package let measures: UInt32
  /// Where it is stored; replaces the measures' own grains unless 0.
  package let grains: UInt32

  package init(
    name: String, meta: String, style: Style = .inline, valueLimit: Int, measures: UInt32 = .max,
    grains: UInt32 = 0
  ) {
    self.name = name
    self.meta = meta
    self.style = style
    self.valueLimit = valueLimit
    self.measures = measures
    self.grains = grains
  }
}

/// What a plugin counts: a family of series with the same measures.
package struct MetricDefinition: Equatable, Sendable {
  /// Measures of one metric; the counter table has as many columns.
  package static let measuresMax = 8
  /// What a name or value over its limit is counted under.
  package static let other = "[CLY]_other"

  package let plugin: String
  /// Unique in the plugin.
  package let name: String
  package let measures: [Measure]
  package let dimensions: [Dimension]
  package let limits: Limits
  /// Those of apps that have others, by the app's id.
  package var appLimits: [String: Limits] = [:]

  /// How many names an app may have.
  package struct Limits: Equatable, Sendable {
    /// Distinct subjects; 0: the metric has no subjects.
    package var subjects: Int
    /// Further dimensions of a subject; 0: only the declared ones.
    package var dimensions: Int
    /// Distinct values a year of each further dimension, and of declared ones that say 0.
    package var values: Int

    package init(subjects: Int, dimensions: Int, values: Int) {
      (self.subjects, self.dimensions, self.values) = (subjects, dimensions, values)
    }
  }

  package init(
    plugin: String, name: String, measures: [Measure], dimensions: [Dimension] = [],
    subjectLimit: Int = 0, dimensionLimit: Int = 0, valueLimit: Int = 0
  ) {
    precondition(
      !measures.isEmpty && measures.count <= Self.measuresMax, "1 to 8 measures a metric")
    self.plugin = plugin
    self.name = name
    self.measures = measures
    self.dimensions = dimensions
    limits = Limits(subjects: subjectLimit, dimensions: dimensionLimit, values: valueLimit)
  }

  /// Its name in the store: "<plugin>.<metric>".
  package var storedName: String { plugin + "." + name }

  /// The declared dimension of that name.
  package func dimension(named name: String) -> Dimension? { dimensions.first { $0.name == name } }

  /// The grains in which a measure is stored for the total (`dimension` nil) or a declared
  /// dimension, as bits of `Grain`; 0 when the dimension leaves the measure out. For a dimension
  /// that was not declared, ask for `grainsOfFurtherDimension`.
  package func grains(measure: Int, dimension: Dimension?) -> UInt32 {
    guard let dimension else { return measures[measure].grains & Grain.all }
    guard dimension.measures & (1 << UInt32(measure)) != 0 else { return 0 }
    let grains = dimension.grains == 0 ? measures[measure].grains : dimension.grains
    return grains & Grain.all & ~Grain.hour.rawValue
  }

  /// The grains in which a measure is stored for dimensions that were not declared.
  package func grainsOfFurtherDimension(measure: Int) -> UInt32 {
    measures[measure].grains & Grain.all & ~Grain.hour.rawValue
  }
}
