/// Writes the nested time document.
///
/// Which keys are there:
/// - Zeros are left out at every level, optional measures and others alike, and so are objects that
///   would be empty: the reference's documents hold what was counted, never a zero (the hour
///   objects of its example lack `n` and `d`).
/// - Years, months, days and hours stand before the measures of their level; clients read by key.
/// - A year shows its own uniques and `meta` of the whole year; months and weeks are those of the
///   range.
/// - Weeks hold uniques and histograms only, and of values only their uniques.
/// - `{}` alone when no counter of the range is other than zero, `meta` included.
struct DocumentRenderer {
  private let source: DocumentSource
  private let options: DocumentOptions
  private var output: SlotWriter
  private var hour, day, month, year, week: LevelValues
  /// By level, the mask of each slot's measures that are summed from below.
  private let folds: ByLevel<[UInt32]>
  /// The months that were written and not copied.
  private(set) var made: [Int32: MonthCache.Month] = [:]

  init(_ source: DocumentSource, options: DocumentOptions) {
    self.source = source
    self.options = options
    output = SlotWriter(source, escapesHTML: !options.contains(.unescaped))
    let empty = LevelValues(slots: source.slots.count, measures: source.shape.metric.measures)
    (hour, day, month, year, week) = (empty, empty, empty, empty, empty)
    folds = ByLevel { level in source.slots.map { $0.summed[level] } }
  }

  /// The whole document. `segments` lists the subject's dimensions in `meta`.
  mutating func render(segments: [String]) -> [UInt8] {
    // Megabytes of kept months are not moved as the text grows.
    output.json.reserveCapacity(source.kept.values.reduce(0) { $0 + $1.json.count } * 9 / 8)
    output.json.open(.object)
    for year in source.range.years { render(year: year) }
    if !output.json.isAtOpening, !options.contains(.withoutMeta) { renderMeta(segments) }
    output.json.close(.object)
    return output.json.bytes
  }

  private mutating func render(year number: Int32) {
    let mark = output.open(String(number))
    let months = source.range.bounds(of: .month)
    for month in number * 100 + 1...number * 100 + 12 where months.contains(month) {
      render(month: month)
    }
    year.add(source.rows[.year], bucket: number)
    output.write(&year)
    year.clear()
    let weeks = source.range.bounds(of: source.range.weekGrain)
    for week in number * 100 + 1...number * 100 + 53 where weeks.contains(week) {
      render(week: week)
    }
    output.close(from: mark)
  }

  private mutating func render(month number: Int32) {
    if let kept = source.kept[number] { return copy(kept) }
    let mark = output.open(String(number % 100))
    let first = CivilDate.ordinal(year: number / 100, month: number % 100, day: 1)
    let days = first..<CivilDate(day: first).nextMonth.ordinal
    for day in days.clamped(to: source.range.days) {
      render(day: day, name: String(day - first + 1))
    }
    month.add(source.rows[.month], bucket: number)
    output.write(&month)
    if foldsUpwards { month.fold(into: &year, masks: folds[.year]) }
    let (slots, sums) = month.contents
    month.clear()
    output.close(from: mark)
    made[number] = MonthCache.Month(
      version: source.version, json: output.json.written(since: mark),
      slots: slots.map { source.slotIDs[$0] }, sums: sums)
  }

  private mutating func copy(_ kept: MonthCache.Month) {
    if !kept.json.isEmpty { output.json.rendered(kept.json) }
    let width = source.shape.metric.measures.count
    for (place, id) in kept.slots.enumerated() {
      guard let slot = source.slotNumbers[id], folds[.year][slot] != 0 else { continue }
      year.combine(slot: slot, with: kept.sums, at: place * width, mask: folds[.year][slot])
    }
  }

  private mutating func render(day number: Int32, name: String) {
    let mark = output.open(name)
    for hour in 0..<Grain.hoursPerDay {
      render(hour: number * Grain.hoursPerDay + hour, name: hour)
    }
    day.add(source.rows[.day], bucket: number)
    output.write(&day)
    if foldsUpwards { day.fold(into: &month, masks: folds[.month]) }
    day.clear()
    output.close(from: mark)
  }

  private mutating func render(hour number: Int32, name: Int32) {
    guard source.rows[.hour].hasRows(in: number) else { return }
    let mark = output.open(String(name))
    hour.add(source.rows[.hour], bucket: number)
    output.write(&hour)
    hour.fold(into: &day, masks: folds[.day])
    hour.clear()
    output.close(from: mark)
  }

  private mutating func render(week number: Int32) {
    guard source.rows[.week].hasRows(in: number) else { return }
    let mark = output.open("w\(number % 100)")
    week.add(source.rows[.week], bucket: number)
    output.write(&week)
    week.clear()
    output.close(from: mark)
  }

  /// A refresh returns today as it is; sums over one day would pass for sums over the month.
  private var foldsUpwards: Bool { !options.contains(.todayOnly) }

  private mutating func renderMeta(_ segments: [String]) {
    output.json.key("meta")
    output.json.open(.object)
    let lists = (segments.isEmpty ? [] : [("segments", segments)]) + source.lists
    for (name, values) in lists {
      output.json.key(name)
      output.json.open(.array)
      for value in values { output.json.string(value) }
      output.json.close(.array)
    }
    output.json.close(.object)
  }
}
