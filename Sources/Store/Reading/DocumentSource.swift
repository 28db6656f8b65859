/// Everything a document is rendered from, read in one pass over the counters.
struct DocumentSource {
  /// A line of the document: the total, or one value. Two values of different dimensions with the
  /// same text share a slot, as they share a key.
  struct Slot {
    let key: String
    let style: DocumentGroup.Style
    /// The histogram it stands in.
    let dimension: String
    /// By level, a bit per measure that is the sum of the level below.
    var summed: ByLevel<UInt32>
  }

  let shape: DocumentShape
  let range: DocumentRange
  /// Months that were written before and are not read.
  let kept: [Int32: MonthCache.Month]
  /// As `ReadTransaction` has it.
  let version: UInt64
  private(set) var slots: [Slot] = []
  private(set) var rows: ByLevel<GrainRows>
  /// Lists of `meta`, each in order of discovery.
  private(set) var lists: [(name: String, values: [String])] = []

  /// One series of the document.
  private struct Line {
    let series: Int64
    let slot: Int
    let group: Int
  }

  private var lines: [Line] = []

  init(
    _ transaction: ReadTransaction, _ shape: DocumentShape, app: UInt32, subjects: [String],
    value: String?, range: DocumentRange, kept: [Int32: MonthCache.Month] = [:]
  ) throws {
    self.shape = shape
    self.range = range
    self.kept = kept
    version = transaction.version
    rows = ByLevel {
      let places = BucketPlaces($0.grain(weeks: range.weekGrain), range)
      return GrainRows(places: places, width: shape.metric.measures.count)
    }
    let queries = subjects.map {
      SeriesQuery(transaction, app: app, metric: shape.metric.storedName, subject: $0)
    }
    for group in shape.groups.indices.sorted(by: isShownBefore) {
      try readSeries(of: group, queries, only: value)
    }
    try readRows(transaction)
  }

  /// Histograms stand between the totals and the values.
  private func isShownBefore(_ left: Int, _ right: Int) -> Bool {
    func rank(_ style: DocumentGroup.Style) -> Int {
      switch style {
      case .total: 0
      case .histogram: 1
      case .inline: 2
      }
    }
    let ranks = (rank(shape.groups[left].style), rank(shape.groups[right].style))
    return ranks.0 == ranks.1 ? left < right : ranks.0 < ranks.1
  }

  /// Lines of several subjects that share a key share its slot, where they add up.
  private mutating func readSeries(
    of place: Int, _ queries: [SeriesQuery], only value: String?
  ) throws {
    let group = shape.groups[place]
    guard group.style != .total else {
      let totals = try queries.compactMap { try $0.total() }
      guard !totals.isEmpty else { return }
      let slot = slot("", group)
      lines += totals.map { Line(series: $0, slot: slot, group: place) }
      return
    }
    var names: [String] = []
    var known: Set<String> = []
    for query in queries {
      let found = try query.values(of: group.dimension, years: range.years, only: value)
      for (series, value) in found {
        let key = documentKey(value, style: group.style)
        if known.insert(key).inserted { names.append(key) }
        lines.append(Line(series: series, slot: slot(key, group), group: place))
      }
    }
    if !names.isEmpty { lists.append((group.meta, names)) }
  }

  /// The slot of a key; slots of one histogram, and those of all inline values, are neighbours.
  private mutating func slot(_ key: String, _ group: DocumentGroup) -> Int {
    let id = SlotID(key, group.style, group.dimension)
    if let known = slotNumbers[id] {
      for level in DocumentLevel.allCases { slots[known].summed[level] |= group.summed[level] }
      return known
    }
    slotNumbers[id] = slots.count
    slotIDs.append(id)
    slots.append(
      Slot(key: key, style: group.style, dimension: group.dimension, summed: group.summed))
    return slots.count - 1
  }

  /// What tells a slot from others, in whichever document of its kind.
  struct SlotID: Hashable {
    private let key: String
    /// Inline values share one place, each histogram has its own.
    private let place: String

    init(_ key: String, _ style: DocumentGroup.Style, _ dimension: String) {
      self.key = key
      place =
        switch style {
        case .total: "total"
        case .inline: ""
        case .histogram: "of " + dimension
        }
    }
  }

  private(set) var slotNumbers: [SlotID: Int] = [:]
  private(set) var slotIDs: [SlotID] = []

  /// A value whose text is the key of something else beside it gets the mark that stored numbers
  /// have: "[CLY]14".
  private func documentKey(_ value: String, style: DocumentGroup.Style) -> String {
    guard style == .inline, isReserved(value) else { return value }
    return "[CLY]" + value
  }

  private func isReserved(_ value: String) -> Bool {
    let isWeek = value.utf8.first == UInt8(ascii: "w")
    let digits = isWeek ? value.dropFirst() : value[...]
    if let number = UInt8(digits), String(number) == digits, number <= (isWeek ? 53 : 31) {
      return true
    }
    guard shape.groups.contains(where: { $0.style == .total }) else { return false }
    return shape.metric.measures.contains { $0.name == value }
      || shape.groups.contains { $0.style.isHistogram && $0.dimension == value }
  }

  private mutating func readRows(_ transaction: ReadTransaction) throws {
    let width = shape.metric.measures.count
    let columns = (0..<width).map { "m\($0)" }.joined(separator: ", ")
    let statement = try ReadStatement(
      transaction,
      """
      SELECT bucket, \(columns) FROM counter
      WHERE series = ? AND grain = ? AND bucket BETWEEN ? AND ?
      """)
    let unread = range.days(without: kept.keys)
    for level in DocumentLevel.allCases {
      let (grain, isOfMonths) = (rows[level].places.grain, level != .week && level != .year)
      let runs =
        isOfMonths
        ? unread.map { DocumentRange.bounds(of: grain, $0) } : [rows[level].places.bounds]
      var found = rows[level]
      for line in lines {
        let mask = shape.groups[line.group].own[level]
        guard mask != 0 else { continue }
        for run in runs {
          try statement.forEach(series: line.series, grain: grain, buckets: run) {
            found.append($0, slot: Int32(line.slot), mask: mask)
          }
        }
      }
      found.arrange()
      rows[level] = found
    }
  }
}
