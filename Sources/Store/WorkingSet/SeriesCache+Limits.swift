/// The slow path: names that are new, not in memory, or new in a year.
extension SeriesCache {
  private static let otherText: StaticString = "[CLY]_other"
  /// The bytes of `MetricDefinition.other`; they live as long as the process.
  static var other: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: otherText.utf8Start, count: otherText.utf8CodeUnitCount)
  }

  private static var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

  /// What a node stands for. Their keys are told apart by the metric's upper bits.
  private enum Kind: Int {
    case subjects = 1
    case subject = 2
    case dimension = 3
    case year = 4
  }

  /// Finds or makes the line that counts for a name in a year, within the limits.
  mutating func settle(
    app: UInt32, metric: Int, subject: UnsafeRawBufferPointer, dimension: UnsafeRawBufferPointer,
    value: UnsafeRawBufferPointer, year: Int32
  ) throws(StoreError) -> Int32 {
    let storedName = metrics[metric].storedName
    var settled: Int32 = -1
    try storedName.withBytes { (stored) throws(StoreError) in
      var name = SeriesName(
        app: app, metric: stored, subject: subject, dimension: dimension, value: value)
      var level = try fitSubject(&name, metric)
      level = try fitDimension(&name, metric) ?? level
      var line = try load(name, metric)
      if try !isMember(line, name, year: year) {
        if try fitValue(&name, metric, year: year) {
          level = .value
          line = try load(name, metric)
        }
        if line < 0 { line = try make(name, metric) }
        if try !isMember(line, name, year: year) { try join(line, name, metric, year: year) }
      }
      settled = line
      guard let level else { return }
      drop(app: app, level)
      let original = SeriesName(
        app: app, metric: stored, subject: subject, dimension: dimension, value: value)
      remember(original, metric, as: line, year: year, level)
    }
    return settled
  }

  // MARK: Limits

  /// Puts a subject over its limit under the others.
  private mutating func fitSubject(
    _ name: inout SeriesName, _ metric: Int
  ) throws(StoreError) -> Level? {
    if name.subject.isEmpty || isOther(name.subject) || findNode(.subject, name, metric) >= 0 {
      return nil
    }
    if try reader.hasSubject(name) {
      addNode(.subject, name, metric, children: -1)
      return nil
    }
    let subjects = try subjectsNode(name, metric)
    guard nodes[Int(subjects)].children < metrics[metric].definition.subjectLimit else {
      name.subject = Self.other
      return .subject
    }
    addChild(to: subjects)
    log.append(.node(addNode(.subject, name, metric, children: 0, isNew: true)))
    return nil
  }

  /// Puts a further dimension over its limit under the others; what its values mean is lost then, so that they are too.
  private mutating func fitDimension(
    _ name: inout SeriesName, _ metric: Int
  ) throws(StoreError) -> Level? {
    if name.dimension.isEmpty || metrics[metric].declared(name.dimension) != nil { return nil }
    if isOther(name.dimension) {
      name.value = Self.other
      return nil
    }
    if findNode(.dimension, name, metric) >= 0 { return nil }
    if try reader.hasDimension(name) {
      addNode(.dimension, name, metric, children: 0)
      return nil
    }
    let subject = try subjectNode(name, metric)
    guard nodes[Int(subject)].children < metrics[metric].definition.dimensionLimit else {
      (name.dimension, name.value) = (Self.other, Self.other)
      return .dimension
    }
    addChild(to: subject)
    log.append(.node(addNode(.dimension, name, metric, children: 0, isNew: true)))
    return nil
  }

  /// Puts a value that would be one too many in its year under the others; true when it did.
  private mutating func fitValue(
    _ name: inout SeriesName, _ metric: Int, year: Int32
  ) throws(StoreError) -> Bool {
    if name.dimension.isEmpty || isOther(name.value) { return false }
    let definition = metrics[metric].definition
    let limit =
      metrics[metric].declared(name.dimension).map { definition.dimensions[$0].valueLimit }
      ?? definition.valueLimit
    let values = try yearNode(name, metric, year)
    guard nodes[Int(values)].children >= limit else { return false }
    name.value = Self.other
    return true
  }

  private func isOther(_ text: UnsafeRawBufferPointer) -> Bool {
    text.count == Self.other.count && text.elementsEqual(Self.other)
  }

  // MARK: Lines

  /// The line's slot, from memory or from the file; -1 when there is none.
  private mutating func load(_ name: SeriesName, _ metric: Int) throws(StoreError) -> Int32 {
    writeKey(app: name.app, metric: metric, name.subject, name.dimension, name.value)
    let known = table.find(key.bytes)
    if known >= 0 {
      guard lines[Int(known)].alias != nil else { return known }
      // It was over a limit in another year.
      lines[Int(known)] = Line()
      table.remove(known)
    }
    guard let id = try reader.series(name) else { return -1 }
    return addLine(name, metric, id: id, generation: 0)
  }

  private mutating func make(_ name: SeriesName, _ metric: Int) throws(StoreError) -> Int32 {
    if lastID < 0 { lastID = try reader.lastSeries() }
    precondition(lastID < CounterKey.seriesMax, "series have 32-bit numbers")
    lastID += 1
    let slot = addLine(name, metric, id: lastID, generation: nextGeneration)
    newLines.append(row(name, metric, id: lastID))
    log.append(.line(slot))
    return slot
  }

  private mutating func addLine(
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

  private mutating func put(_ line: Line, _ name: SeriesName, _ metric: Int) -> Int32 {
    writeKey(app: name.app, metric: metric, name.subject, name.dimension, name.value)
    let slot = table.insert(key.bytes)
    if Int(slot) == lines.count { lines.append(line) } else { lines[Int(slot)] = line }
    return slot
  }

  private mutating func remember(
    _ name: SeriesName, _ metric: Int, as slot: Int32, year: Int32, _ level: Level
  ) {
    writeKey(app: name.app, metric: metric, name.subject, name.dimension, name.value)
    let alias = Alias(slot: slot, id: lines[Int(slot)].id, year: year, level: level)
    let known = table.find(key.bytes)
    // A value that counts in another year has a line of its own, which stays.
    guard known < 0 || lines[Int(known)].alias != nil else { return }
    if known >= 0 {
      lines[Int(known)].alias = alias
    } else {
      var line = Line()
      line.app = name.app
      line.metric = Int32(metric)
      line.alias = alias
      log.append(.alias(put(line, name, metric)))
    }
  }

  private func row(_ name: SeriesName, _ metric: Int, id: Int64) -> Flush.Series {
    Flush.Series(
      id: id, app: name.app, metric: metric, subject: Array(name.subject),
      dimension: Array(name.dimension), value: Array(name.value))
  }

  // MARK: Years

  /// Whether the line counts in that year already.
  private mutating func isMember(
    _ slot: Int32, _ name: SeriesName, year: Int32
  ) throws(StoreError) -> Bool {
    guard slot >= 0 else { return false }
    if counts(slot, in: year) { return true }
    guard try reader.isSeries(lines[Int(slot)].id, name, in: year) else { return false }
    setYear(slot, Self.bit(year), true)
    return true
  }

  private mutating func join(
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

  // MARK: Nodes

  private mutating func subjectsNode(_ name: SeriesName, _ metric: Int) throws(StoreError) -> Int32 {
    let known = findNode(.subjects, name, metric)
    if known >= 0 { return known }
    var count: Int32 = 0
    try reader.subjects(name) { if !isOther($0) { count += 1 } }
    return addNode(.subjects, name, metric, children: count)
  }

  private mutating func subjectNode(_ name: SeriesName, _ metric: Int) throws(StoreError) -> Int32 {
    var known = findNode(.subject, name, metric)
    if known < 0 { known = addNode(.subject, name, metric, children: -1) }
    if nodes[Int(known)].children < 0 {
      var count: Int32 = 0
      let registered = metrics[metric]
      try reader.dimensions(name) { dimension in
        if !isOther(dimension), registered.declared(dimension) == nil { count += 1 }
      }
      nodes[Int(known)].children = count
    }
    return known
  }

  private mutating func yearNode(
    _ name: SeriesName, _ metric: Int, _ year: Int32
  ) throws(StoreError) -> Int32 {
    let known = findNode(.year, name, metric, year: year)
    if known >= 0 { return known }
    let count = try reader.values(name, year: year)
    return addNode(.year, name, metric, year: year, children: Int32(count))
  }

  private mutating func findNode(
    _ kind: Kind, _ name: SeriesName, _ metric: Int, year: Int32 = 0
  ) -> Int32 {
    writeNodeKey(kind, name, metric, year)
    let found = nodeTable.find(key.bytes)
    if found >= 0 { nodes[Int(found)].isRecent = true }
    return found
  }

  @discardableResult
  private mutating func addNode(
    _ kind: Kind, _ name: SeriesName, _ metric: Int, year: Int32 = 0, children: Int32,
    isNew: Bool = false
  ) -> Int32 {
    writeNodeKey(kind, name, metric, year)
    let node = Node(children: children, generation: isNew ? nextGeneration : 0)
    let slot = nodeTable.insert(key.bytes)
    if Int(slot) == nodes.count { nodes.append(node) } else { nodes[Int(slot)] = node }
    return slot
  }

  private mutating func addChild(to node: Int32) {
    nodes[Int(node)].children += 1
    nodes[Int(node)].generation = nextGeneration
    log.append(.child(node))
  }

  private mutating func writeNodeKey(
    _ kind: Kind, _ name: SeriesName, _ metric: Int, _ year: Int32
  ) {
    writeKey(
      app: name.app, metric: metric | kind.rawValue << 24,
      kind == .subjects ? Self.nothing : name.subject,
      kind == .dimension || kind == .year ? name.dimension : Self.nothing, Self.nothing)
    key.append(UInt32(bitPattern: year))
  }
}
