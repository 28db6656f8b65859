import PluginABI
import Store

extension MetricDefinition {
  /// A copy of what a plugin describes; nil when a name is not UTF-8 or empty, or a number is
  /// unknown.
  init?(_ metric: tally_metric, plugin: String) {
    guard let name = metric.name.string, Manifest.isName(name.replacing("_", with: "-")),
      (1...UInt32(Self.measuresMax)).contains(metric.n_measures), let measures = metric.measures
    else { return nil }
    var copiedMeasures: [Measure] = []
    for i in 0..<Int(metric.n_measures) {
      guard let measure = Measure(measures[i]) else { return nil }
      copiedMeasures.append(measure)
    }
    var dimensions: [Dimension] = []
    for i in 0..<Int(metric.n_dimensions) {
      guard let start = metric.dimensions, let dimension = Dimension(start[i]) else { return nil }
      dimensions.append(dimension)
    }
    self.init(
      plugin: plugin, name: name, measures: copiedMeasures, dimensions: dimensions,
      subjectLimit: Int(metric.subject_limit), dimensionLimit: Int(metric.dimension_limit),
      valueLimit: Int(metric.value_limit))
  }
}

extension MetricDefinition {
  /// Which settings of the plugin give the limits of apps that have other ones; nil: none.
  struct LimitSettings {
    let subjects: String?
    let dimensions: String?
    let values: String?

    /// Nil when one of them is no setting that could.
    init?(_ metric: tally_metric, _ manifest: Manifest) {
      let names = [
        metric.subject_limit_setting, metric.dimension_limit_setting, metric.value_limit_setting,
      ].map { $0.string ?? "?" }
      for name in names where !name.isEmpty {
        guard let setting = manifest.settings.first(where: { $0.name == name }),
          setting.kind == .int, setting.isPerApp, setting.needsRestart
        else { return nil }
      }
      let given = names.map { $0.isEmpty ? nil : $0 }
      (subjects, dimensions, values) = (given[0], given[1], given[2])
    }
  }

  /// The same with the limits of apps that have values of their own.
  func limited(by names: LimitSettings, _ settings: Settings) -> MetricDefinition {
    var limited = self
    limited.appLimits = settings.overrides.mapValues { own in
      func value(_ name: String?) -> Int? {
        guard let name, case .int(let value)? = own[name] else { return nil }
        return Int(value)
      }
      return Limits(
        subjects: value(names.subjects) ?? limits.subjects,
        dimensions: value(names.dimensions) ?? limits.dimensions,
        values: value(names.values) ?? limits.values)
    }.filter { $0.value != limits }
    return limited
  }
}

extension Measure {
  /// Decimals a measure may have: sums are kept in units of 1e-5 at the finest.
  private static let scaleMax: UInt32 = 5

  fileprivate init?(_ measure: tally_measure) {
    guard let name = measure.name.string, !name.isEmpty, let kind = Kind(rawValue: measure.kind),
      measure.grains & ~Grain.all == 0, measure.scale <= Self.scaleMax
    else { return nil }
    self.init(
      name: name, kind: kind, grains: measure.grains, scale: Int(measure.scale),
      isOptional: measure.flags & TALLY_MEASURE_OPTIONAL != 0)
  }
}

extension Dimension {
  fileprivate init?(_ dimension: tally_dimension) {
    guard let name = dimension.name.string, !name.isEmpty, let meta = dimension.meta.string,
      let style = Style(rawValue: dimension.style), dimension.grains & ~Grain.all == 0
    else { return nil }
    self.init(
      name: name, meta: meta, style: style, valueLimit: Int(dimension.value_limit),
      measures: dimension.measures, grains: dimension.grains)
  }
}
