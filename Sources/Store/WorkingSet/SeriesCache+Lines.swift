/// Lines and the years in which they count: finding, reading, making.
extension SeriesCache {
  /// The line's slot, from memory or from the file; -1 when there is none.
  mutating func load(_ name: SeriesName, _ metric: Int) throws(StoreError) -> Int32 {
    writeKey(name.line(metric))
    let known = table.find(key.bytes)
    if known >= 0 {
      guard lines[Int(known)].isAlias else { return known }
      // It was over a limit in another year.
      remove(known)
    }
    guard let id = try reader.series(name) else { return -1 }
    return addLine(name, metric, id: id, generation: 0)
  }

  mutating func make(_ name: SeriesName, _ metric: Int) throws(StoreError) -> Int32 {
    if lastID < 0 { lastID = try reader.lastSeries() }
    precondition(lastID < CounterKey.seriesMax, "series have 32-bit numbers")
    lastID += 1
    let slot = addLine(name, metric, id: lastID, generation: nextGeneration)
    newLines.append(row(name, metric, id: lastID))
    log.append(.line(slot))
    return slot
  }

  mutating func addLine(
    _ name: SeriesName, _ metric: Int, id: Int64, generation: UInt64
  ) -> Int32 {
    var line = Line()
    line.id = id
    line.generation = generation
    line.app = name.app
    line.metric = Int32(metric)
    line.plan = Int32(metrics[metric].plan(ofDimension: name.dimension))
    return put(line, name, metric)
  }

  mutating func put(_ line: Line, _ name: SeriesName, _ metric: Int) -> Int32 {
    writeKey(name.line(metric))
    let slot = table.insert(key.bytes)
    if Int(slot) == lines.count { lines.append(line) } else { lines[Int(slot)] = line }
    return slot
  }

  mutating func remember(
    _ name: SeriesName, _ metric: Int, as slot: Int32, year: Int32, _ level: Level
  ) {
    writeKey(name.line(metric))
    let alias = Alias(slot: slot, id: lines[Int(slot)].id, year: year, level: level)
    let known = table.find(key.bytes)
    // A value that counts in another year has a line of its own, which stays.
    guard known < 0 || lines[Int(known)].isAlias else { return }
    if known >= 0 {
      aliases[known] = alias
    } else {
      var line = Line()
      line.app = name.app
      line.metric = Int32(metric)
      line.isAlias = true
      let made = put(line, name, metric)
      aliases[made] = alias
      log.append(.alias(made))
    }
  }

  private func row(_ name: SeriesName, _ metric: Int, id: Int64) -> Flush.Series {
    Flush.Series(
      id: id, app: name.app, metric: metric, subject: Array(name.subject),
      dimension: Array(name.dimension), value: Array(name.value))
  }

  // MARK: Years

  /// Whether the line counts in that year already.
  mutating func isMember(
    _ slot: Int32, _ name: SeriesName, year: Int32
  ) throws(StoreError) -> Bool {
    guard slot >= 0 else { return false }
    if counts(slot, in: year) { return true }
    guard try reader.isSeries(lines[Int(slot)].id, name, in: year) else { return false }
    setYear(slot, Self.bit(year), true)
    return true
  }

  mutating func join(
    _ slot: Int32, _ name: SeriesName, _ metric: Int, year: Int32
  ) throws(StoreError) {
    if !name.dimension.isEmpty, !isOther(name.value) {
      addChild(to: try yearNode(name, metric, year))
    }
    setYear(slot, Self.bit(year), true)
    lines[Int(slot)].generation = nextGeneration
    newYears.append(.init(series: row(name, metric, id: lines[Int(slot)].id), year: year))
    log.append(.year(slot, bit: Self.bit(year)))
  }
}
