/// How the measures of a metric come together: one kind per column.
struct CounterShape: Hashable, Sendable {
  let kinds: [Measure.Kind]

  /// Counts beyond this are not exact in the numbers of JavaScript.
  static let valueMax: Int64 = 1 << 53

  /// The statement that adds a row of this shape to what is stored. Nothing is read first: the
  /// merge is the store's.
  var sql: String {
    let columns = kinds.indices.map { "m\($0)" }
    let updates = zip(kinds, columns).map { kind, column in "\(column)=\(Self.merge(kind, column))"
    }
    return """
      INSERT INTO counter(series,grain,bucket,\(columns.joined(separator: ","))) \
      VALUES(?,?,?,\(columns.map { _ in "?" }.joined(separator: ","))) \
      ON CONFLICT DO UPDATE SET \(updates.joined(separator: ","))
      """
  }

  private static func merge(_ kind: Measure.Kind, _ column: String) -> String {
    let new = "excluded.\(column)"
    switch kind {
    case .sum, .unique, .new:
      return "max(-\(valueMax),min(\(valueMax),\(column)+\(new)))"
    case .minimum:
      return
        "CASE WHEN \(new)=0 OR (\(column)<>0 AND \(column)<\(new)) THEN \(column) ELSE \(new) END"
    case .maximum:
      return
        "CASE WHEN \(new)=0 OR (\(column)<>0 AND \(column)>\(new)) THEN \(column) ELSE \(new) END"
    }
  }

  /// The same in memory.
  @inline(__always)
  static func combine(_ kind: Measure.Kind, _ old: Int64, _ new: Int64) -> Int64 {
    switch kind {
    case .sum, .unique, .new: max(-valueMax, min(valueMax, old + clamp(new)))
    case .minimum: new == 0 ? old : (old == 0 ? clamp(new) : min(old, clamp(new)))
    case .maximum: new == 0 ? old : (old == 0 ? clamp(new) : max(old, clamp(new)))
    }
  }

  @inline(__always)
  private static func clamp(_ value: Int64) -> Int64 { max(-valueMax, min(valueMax, value)) }
}

/// The bucket of a series as one integer that sorts like (series, grain, bucket).
struct CounterKey: Hashable, Sendable {
  static let seriesMax: Int64 = (1 << 32) - 1
  private static let bucketBias: Int64 = 1 << 28

  let rawValue: UInt64

  @inline(__always)
  init(series: Int64, grainIndex: Int, bucket: Int32) {
    let biased = min(max(Int64(bucket) + Self.bucketBias, 0), Self.bucketBias * 2 - 1)
    rawValue = UInt64(series) << 32 | UInt64(grainIndex) << 29 | UInt64(biased)
  }

  var series: Int64 { Int64(rawValue >> 32) }
  var grain: Int64 { 1 << Int64((rawValue >> 29) & 7) }
  var bucket: Int64 { Int64(rawValue & 0x1FFF_FFFF) - Self.bucketBias }
}

/// Combined counters on their way to the file.
struct CounterRows: Sendable {
  struct Row: Sendable {
    let key: CounterKey
    let shape: Int32
    /// Place of its first measure in `values`.
    let values: Int32
  }

  var shapes: [CounterShape] = []
  var rows: ContiguousArray<Row> = []
  var values: ContiguousArray<Int64> = []

  var count: Int { rows.count }

  /// The months (year * 100 + month) whose hours, days or sums are among the rows.
  var months: Set<Int32> {
    var found: Set<Int32> = []
    // Rows come in order, so that most lie in the month of the one before.
    var days: Range<Int32> = 0..<0
    for row in rows {
      let bucket = Int32(truncatingIfNeeded: row.key.bucket)
      switch Grain(rawValue: UInt32(row.key.grain)) {
      case .month: found.insert(bucket)
      case .hour where !days.contains(Grain.day(ofHour: bucket)):
        days = Self.month(of: Grain.day(ofHour: bucket), &found)
      case .day where !days.contains(bucket): days = Self.month(of: bucket, &found)
      default: break
      }
    }
    return found
  }

  private static func month(of day: Int32, _ found: inout Set<Int32>) -> Range<Int32> {
    let first = CivilDate(day: day).firstOfMonth
    found.insert(first.year * 100 + first.month)
    return first.ordinal..<first.nextMonth.ordinal
  }

  mutating func sort() {
    rows.sort { $0.key.rawValue < $1.key.rawValue }
  }
}
