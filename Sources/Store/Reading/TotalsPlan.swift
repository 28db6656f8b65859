/// Which buckets make up the totals of a series over a period.
struct TotalsPlan {
  private struct Run: Equatable {
    let grain: Grain
    var buckets: ClosedRange<Int32>
  }

  /// Buckets that are added up, for the measures of the mask.
  private struct Part {
    let runs: [Run]
    var mask: UInt32
  }

  private let metric: MetricDefinition
  /// The period's exact cover.
  private var fine: [Part] = []
  /// A second upper bound for uniques.
  private var coarse: [Part] = []
  private let bounds: UniqueBounds
  let sql: String
  /// Whether uniques are summed over several buckets.
  private(set) var isEstimate = false

  init(_ metric: MetricDefinition, grains: [UInt32], _ period: Period) {
    self.metric = metric
    let columns = metric.measures.indices.map { "m\($0)" }.joined(separator: ", ")
    sql = "SELECT \(columns) FROM counter WHERE series = ? AND grain = ? AND bucket BETWEEN ? AND ?"
    bounds = UniqueBounds(metric, grains: grains)
    for (place, measure) in metric.measures.enumerated() where grains[place] != 0 {
      guard measure.kind == .unique else {
        let cover = period.cheapestCover(grains: grains[place])
        Self.add(Self.runs(cover, grains: grains[place]), measure: place, to: &fine)
        continue
      }
      let cover = period.cover(grains: grains[place])
      isEstimate = isEstimate || !cover.isExact
      Self.add(Self.runs(cover.fine, grains: grains[place]), measure: place, to: &fine)
      if !cover.coarse.isEmpty {
        Self.add(Self.runs(cover.coarse, grains: grains[place]), measure: place, to: &coarse)
      }
    }
  }

  /// How well the uniques of a series are known, with the sketch of its users if there is one.
  func accuracy(_ sketch: UserSketch?) -> SeriesTotal.Accuracy {
    guard isEstimate else { return .exact }
    guard let sketch else { return .upperBound }
    return sketch.isExact ? .exact : .estimate(standardError: UserSketch.standardError)
  }

  /// The measures of one series. A sketch of its users says better than the buckets how many there
  /// were; what the buckets allow at most stays a bound.
  func measures(
    of series: Int64, _ statement: ReadStatement, _ sketch: UserSketch?
  ) throws -> [Int64] {
    var totals = try sums(of: series, fine, statement)
    let upperBounds = try sums(of: series, coarse, statement)
    let bounded = coarse.reduce(0) { $0 | $1.mask }
    for measure in totals.indices where bounded & (1 << UInt32(measure)) != 0 {
      totals[measure] = min(totals[measure], upperBounds[measure])
    }
    if let sketch { bounds.lower(&totals, to: sketch.count) }
    bounds.apply(to: &totals)
    return totals
  }

  private func sums(
    of series: Int64, _ parts: [Part], _ statement: ReadStatement
  ) throws -> [Int64] {
    var sums = [Int64](repeating: 0, count: metric.measures.count)
    for part in parts {
      for run in part.runs {
        try statement.forEach(series: series, grain: run.grain, buckets: run.buckets) { row in
          for measure in sums.indices where part.mask & (1 << UInt32(measure)) != 0 {
            sums[measure] = metric.measures[measure].kind.combined(
              sums[measure], row.integer(measure))
          }
        }
      }
    }
    return sums
  }

  /// Measures with the same buckets are read together.
  private static func add(_ runs: [Run], measure: Int, to parts: inout [Part]) {
    let bit = UInt32(1) << UInt32(measure)
    if let known = parts.firstIndex(where: { $0.runs == runs }) {
      parts[known].mask |= bit
    } else {
      parts.append(Part(runs: runs, mask: bit))
    }
  }

  /// The pieces of a cover as ranges: neighbouring buckets of one grain are read together. Pieces
  /// come in the order of time and only days leave gaps, so no other month or week lies between two
  /// that follow each other.
  private static func runs(_ pieces: [CoverPiece], grains: UInt32) -> [Run] {
    let hasDays = grains & Grain.day.rawValue != 0 || grains & Grain.hour.rawValue == 0
    var runs: [Run] = []
    for piece in pieces {
      let grain: Grain = piece.grain == .day && !hasDays ? .hour : piece.grain
      let first = grain == .hour ? piece.bucket * Grain.hoursPerDay : piece.bucket
      let last = grain == .hour ? first + Grain.hoursPerDay - 1 : first
      if let before = runs.last, before.grain == grain {
        runs[runs.count - 1].buckets = before.buckets.lowerBound...last
      } else {
        runs.append(Run(grain: grain, buckets: first...last))
      }
    }
    return runs
  }
}

/// What is certain about uniques: at least the new users, and at most one user for every
/// occurrence.
private struct UniqueBounds {
  private let uniques: [Int]
  private let new: Int?
  private let occurrences: Int?

  init(_ metric: MetricDefinition, grains: [UInt32]) {
    func places(_ isWanted: (Measure) -> Bool) -> [Int] {
      metric.measures.indices.filter { grains[$0] != 0 && isWanted(metric.measures[$0]) }
    }
    uniques = places { $0.kind == .unique }
    new = places { $0.kind == .new }.first
    // "t" is what the field calls the number of occurrences.
    occurrences = places { $0.kind == .sum && $0.name == "t" && $0.scale == 0 }.first
  }

  func lower(_ measures: inout [Int64], to users: Int64) {
    for unique in uniques { measures[unique] = min(measures[unique], users) }
  }

  func apply(to measures: inout [Int64]) {
    for unique in uniques {
      if let new { measures[unique] = max(measures[unique], measures[new]) }
      if let occurrences { measures[unique] = min(measures[unique], measures[occurrences]) }
    }
  }
}
