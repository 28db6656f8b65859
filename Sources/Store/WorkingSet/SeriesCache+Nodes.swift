/// What names are counted below, to hold them to their limits.
extension SeriesCache {
  private static var nothing: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// What a node stands for. Their keys are told apart by the metric's upper bits.
  enum Kind: Int {
    case subjects = 1
    case subject = 2
    case dimension = 3
    case year = 4
  }

  mutating func subjectsNode(_ name: SeriesName, _ metric: Int) throws(StoreError) -> Int32 {
    let known = findNode(.subjects, name, metric)
    if known >= 0 { return known }
    var count: Int32 = 0
    try reader.subjects(name) { if !isOther($0) { count += 1 } }
    return addNode(.subjects, name, metric, children: count)
  }

  mutating func subjectNode(_ name: SeriesName, _ metric: Int) throws(StoreError) -> Int32 {
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

  mutating func yearNode(
    _ name: SeriesName, _ metric: Int, _ year: Int32
  ) throws(StoreError) -> Int32 {
    let known = findNode(.year, name, metric, year: year)
    if known >= 0 { return known }
    let count = try reader.values(name, year: year)
    return addNode(.year, name, metric, year: year, children: Int32(count))
  }

  mutating func findNode(
    _ kind: Kind, _ name: SeriesName, _ metric: Int, year: Int32 = 0
  ) -> Int32 {
    writeNodeKey(kind, name, metric, year)
    let found = nodeTable.find(key.bytes)
    if found >= 0 { nodes[Int(found)].isRecent = true }
    return found
  }

  @discardableResult
  mutating func addNode(
    _ kind: Kind, _ name: SeriesName, _ metric: Int, year: Int32 = 0, children: Int32,
    isNew: Bool = false
  ) -> Int32 {
    writeNodeKey(kind, name, metric, year)
    let node = Node(children: children, generation: isNew ? nextGeneration : 0)
    let slot = nodeTable.insert(key.bytes)
    if Int(slot) == nodes.count { nodes.append(node) } else { nodes[Int(slot)] = node }
    return slot
  }

  mutating func addChild(to node: Int32) {
    nodes[Int(node)].children += 1
    nodes[Int(node)].generation = nextGeneration
    log.append(.child(node))
  }

  mutating func writeNodeKey(
    _ kind: Kind, _ name: SeriesName, _ metric: Int, _ year: Int32
  ) {
    writeKey(
      LineName(
        app: name.app, metric: metric | kind.rawValue << 24,
        subject: kind == .subjects ? Self.nothing : name.subject,
        dimension: kind == .dimension || kind == .year ? name.dimension : Self.nothing,
        value: Self.nothing))
    key.append(UInt32(bitPattern: year))
  }
}
