/// Series, and what is added to them.
extension WorkingSet {
  /// The slot of a line of counters, made when new. A name over its limit leads to the line of
  /// `[CLY]_other`, and the ledger counts it. `year` is that of the local hour to be counted:
  /// values are limited per year.
  package func series(_ name: LineName, year: Int32) throws(StoreError) -> Int32 {
    if let known = lines.known(name, year: year) { return known }
    return try lines.settle(name, year: year)
  }

  /// The same, if nothing has to be read or made for it.
  package func knownSeries(_ name: LineName, year: Int32) -> Int32? {
    lines.known(name, year: year)
  }

  /// Names a line of counters that `collectedSeries` will find.
  package func collectSeries(_ name: LineName, year: Int32) {
    lines.collect(name, year: year)
  }

  /// The slot of the line that was named in that place; they are asked for in order. Finding many at
  /// once takes half the time.
  package func collectedSeries(_ place: Int) throws(StoreError) -> Int32 {
    try lines.collected(place)
  }

  package func forgetCollectedSeries() { lines.named.removeAll() }

  /// The number of a series in the store.
  package func seriesID(_ slot: Int32) -> Int64 { lines.lines[Int(slot)].id }

  /// How far the series had come; for `discardSeries`. Good until the next `takeFlush`.
  package var seriesMark: Int { lines.log.count }

  /// How often a name was counted under the others, in all, less what was taken back.
  package var overLimit: Int { lines.overLimit }

  /// Takes back every series made since the mark, as if nobody had asked for it.
  package func discardSeries(since mark: Int) { lines.undo(since: mark) }

  /// Adds to the SUM, MIN and MAX measures of a line, in the order the metric declared them, in
  /// their grains.
  package func add(series slot: Int32, hour: Int32, values: UnsafeBufferPointer<Int64>) {
    let plan = lines.plan(slot)
    let count = min(values.count, plan.measures)
    var given: UInt8 = 0
    for place in 0..<count where values[place] != 0 { given |= 1 << UInt8(place) }
    guard given != 0 else { return }
    let (id, place) = (lines.lines[Int(slot)].id, lines.lines[Int(slot)].total)
    if totals.add(at: place, series: id, plan, hour: hour, given: given, values) { return }
    if let other = totals.other(at: place, series: id) {
      spread(other)
      totals.begin(at: place, plan, hour: hour, given: given, values)
    } else {
      lines.lines[Int(slot)].total = totals.begin(
        series: id, plan, number: lines.lines[Int(slot)].plan, hour: hour, given: given, values)
    }
  }

  /// First step of fetching what `add` will touch of a line; a hint.
  @inline(__always)
  package func prefetchTotal(series slot: Int32) {
    totals.prefetch(at: lines.lines[Int(slot)].total)
  }

  /// Second step.
  @inline(__always)
  package func prefetchValues(series slot: Int32) {
    totals.prefetchValues(at: lines.lines[Int(slot)].total)
  }

  /// Moves all totals into the buckets of their grains.
  func spreadTotals() {
    for place in totals.totals.indices { spread(totals.totals[place]) }
    totals.removeAll()
  }

  private func spread(_ total: HourTotals.Total) {
    let plan = lines.plan(number: total.plan)
    let at = buckets.buckets(ofHour: total.hour)
    for grain in Grain.allCases {
      var measures = plan.added[grain.index] & total.given
      guard measures != 0 else { continue }
      let key = CounterKey(series: total.series, grainIndex: grain.index, bucket: at[grain])
      let start = counters.values(key, shape: plan.shape, measures: plan.measures)
      while measures != 0 {
        let place = measures.trailingZeroBitCount
        counters.combine(
          start + place, plan.kind(place), totals.values[Int(total.values) + place])
        measures &= measures - 1
      }
    }
  }

  /// Counts a user in the UNIQUE measures of a line, in the grains where `SeenHours` says he is
  /// new, and with `firstTime` in its NEW measures, in all their grains.
  package func addUnique(
    series slot: Int32, user: UInt64, grains: UInt32, hour: Int32, firstTime: Bool
  ) {
    guard grains != 0 || firstTime else { return }
    let plan = lines.plan(slot)
    let id = lines.lines[Int(slot)].id
    let at = buckets.buckets(ofHour: hour)
    if plan.isSketched, grains & Grain.day.rawValue != 0 {
      pending.daily.append(Flush.DailyUser(series: id, day: at.day, user: user))
    }
    for grain in Grain.allCases {
      var measures: UInt8 = grains & grain.rawValue != 0 ? plan.unique[grain.index] : 0
      if firstTime { measures |= plan.new[grain.index] }
      guard measures != 0 else { continue }
      let key = CounterKey(series: id, grainIndex: grain.index, bucket: at[grain])
      let start = counters.values(key, shape: plan.shape, measures: plan.measures)
      while measures != 0 {
        counters.combine(start + measures.trailingZeroBitCount, .unique, 1)
        measures &= measures - 1
      }
    }
  }
}
