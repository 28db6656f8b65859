import CProcessor

/// Adds up what a line of counters gets in one hour, before it is spread over its grains. Between two
/// flushes most of what a line gets falls into one hour, so that an event costs one addition per
/// measure, and the buckets of all grains are looked up once per line.
struct HourTotals: ~Copyable {
  struct Total {
    let series: Int64
    /// Of the line.
    let plan: Int32
    var hour: Int32
    /// Measures that got something other than 0.
    var given: UInt8
    /// Place of the first measure in `values`.
    let values: Int32
  }

  private(set) var totals: ContiguousArray<Total> = []
  private(set) var values: ContiguousArray<Int64> = []
  /// Counter rows that spreading will touch.
  private(set) var rows = 0

  /// Adds to a line's total at `place`; false when that is not the line's, or of another hour.
  @inline(__always)
  mutating func add(
    at place: Int32, series: Int64, _ plan: SeriesPlan, hour: Int32, given: UInt8,
    _ added: UnsafeBufferPointer<Int64>
  ) -> Bool {
    // A place from before the last flush may be another line's by now, or nobody's.
    guard place >= 0, Int(place) < totals.count, totals[Int(place)].series == series,
      totals[Int(place)].hour == hour
    else { return false }
    combine(Int(place), plan, given, added)
    return true
  }

  /// Has the processor fetch the total at `place`; a hint.
  @inline(__always)
  func prefetch(at place: Int32) {
    guard place >= 0, Int(place) < totals.count else { return }
    totals.withUnsafeBufferPointer { tally_prefetch($0.baseAddress.map { $0 + Int(place) }) }
  }

  /// The same for the measures of that total, which has to be at hand by then.
  @inline(__always)
  func prefetchValues(at place: Int32) {
    guard place >= 0, Int(place) < totals.count else { return }
    let first = Int(totals[Int(place)].values)
    values.withUnsafeBufferPointer { tally_prefetch($0.baseAddress.map { $0 + first }) }
  }

  /// The line's total at `place`, when it is of another hour.
  func other(at place: Int32, series: Int64) -> Total? {
    guard place >= 0, Int(place) < totals.count, totals[Int(place)].series == series else {
      return nil
    }
    return totals[Int(place)]
  }

  /// Begins a line's total; returns its place.
  mutating func begin(
    series: Int64, _ plan: SeriesPlan, number: Int32, hour: Int32, given: UInt8,
    _ added: UnsafeBufferPointer<Int64>
  ) -> Int32 {
    let start = values.count
    for _ in 0..<plan.measures { values.append(0) }
    totals.append(
      Total(series: series, plan: number, hour: hour, given: 0, values: Int32(start)))
    rows += plan.grainsAdded
    combine(totals.count - 1, plan, given, added)
    return Int32(totals.count - 1)
  }

  /// Begins the total at `place` anew for another hour; what it held was spread.
  mutating func begin(
    at place: Int32, _ plan: SeriesPlan, hour: Int32, given: UInt8,
    _ added: UnsafeBufferPointer<Int64>
  ) {
    let start = Int(totals[Int(place)].values)
    for measure in 0..<plan.measures { values[start + measure] = 0 }
    totals[Int(place)].hour = hour
    totals[Int(place)].given = 0
    combine(Int(place), plan, given, added)
  }

  mutating func removeAll() {
    totals.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    rows = 0
  }

  @inline(__always)
  private mutating func combine(
    _ place: Int, _ plan: SeriesPlan, _ given: UInt8, _ added: UnsafeBufferPointer<Int64>
  ) {
    totals[place].given |= given
    let start = Int(totals[place].values)
    var measures = given
    while measures != 0 {
      let measure = measures.trailingZeroBitCount
      values[start + measure] = CounterShape.combine(
        plan.kind(measure), values[start + measure], added[measure])
      measures &= measures - 1
    }
  }
}
