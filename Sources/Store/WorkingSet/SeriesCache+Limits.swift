/// The slow path: names that are new, not in memory, or new in a year.
extension SeriesCache {
  private static let otherText: StaticString = "[CLY]_other"
  /// The bytes of `MetricDefinition.other`; they live as long as the process.
  static var other: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: otherText.utf8Start, count: otherText.utf8CodeUnitCount)
  }

  /// Finds or makes the line that counts for a name in a year, within the limits.
  mutating func settle(_ asked: LineName, year: Int32) throws(StoreError) -> Int32 {
    let metric = asked.metric
    let storedName = metrics[metric].storedName
    var settled: Int32 = -1
    try storedName.withBytes { (stored) throws(StoreError) in
      let original = SeriesName(
        app: asked.app, metric: stored, subject: asked.subject, dimension: asked.dimension,
        value: asked.value)
      var name = original
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
      drop(app: asked.app, level)
      remember(original, metric, as: line, year: year, level)
    }
    return settled
  }

  // MARK: Limits

  /// The limits of an app, which may have others than all.
  private mutating func limits(
    of app: UInt32, _ metric: Int
  ) throws(StoreError) -> MetricDefinition.Limits {
    let definition = metrics[metric].definition
    if definition.appLimits.isEmpty { return definition.limits }
    if appIDs[app] == nil { appIDs[app] = try reader.appID(app) }
    return appIDs[app].flatMap { definition.appLimits[$0] } ?? definition.limits
  }

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
    guard try nodes[Int(subjects)].children < limits(of: name.app, metric).subjects else {
      name.subject = Self.other
      return .subject
    }
    addChild(to: subjects)
    log.append(.node(addNode(.subject, name, metric, children: 0, isNew: true)))
    return nil
  }

  /// Puts a further dimension over its limit under the others; what its values mean is lost then,
  /// so that they are too.
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
    guard try nodes[Int(subject)].children < limits(of: name.app, metric).dimensions else {
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
    let own = metrics[metric].declared(name.dimension).map { definition.dimensions[$0].valueLimit }
    let all = try limits(of: name.app, metric).values
    let limit = own.flatMap { $0 > 0 ? $0 : nil } ?? all
    let values = try yearNode(name, metric, year)
    guard nodes[Int(values)].children >= limit else { return false }
    name.value = Self.other
    return true
  }

  func isOther(_ text: UnsafeRawBufferPointer) -> Bool {
    text.count == Self.other.count && text.elementsEqual(Self.other)
  }
}
