/// Gives lines of counters their numbers and holds them to the limits of their metric. What is over
/// a limit counts under `MetricDefinition.other`, and how often that happened is counted too.
///
/// The usual question is answered by one look into one table, for many names at once in
/// `SeriesCache+Named.swift`. Everything else is in `SeriesCache+Limits.swift`.
struct SeriesCache: ~Copyable {
  struct Line {
    /// 0 for a name that stands for another line.
    var id: Int64 = 0
    /// The last flush that carries something of this line.
    var generation: UInt64 = 0
    /// A bit per year from `firstYear` on in which the line is known to count.
    var years: (low: UInt64, high: UInt64) = (0, 0)
    var app: UInt32 = 0
    var metric: Int32 = 0
    var plan: Int32 = 0
    /// Its place in `HourTotals`, if it still is.
    var total: Int32 = -1
    var isRecent = true
    /// The name is over a limit: `aliases` says which line counts for it.
    var isAlias = false
  }

  /// Which line counts for a name over its limit in which year, and why.
  struct Alias {
    let slot: Int32
    let id: Int64
    let year: Int32
    let level: Level
  }

  /// What is limited.
  enum Level: String {
    case subject = "limit:subject"
    case dimension = "limit:dimension"
    case value = "limit:value"
  }

  /// Something that names are counted below: a metric's subjects, a subject's dimensions, a year's
  /// values.
  struct Node {
    /// -1: not counted yet.
    var children: Int32
    var generation: UInt64
    var isRecent = true
  }

  /// What a failed call must not leave behind.
  enum Undo {
    case line(Int32)
    case alias(Int32)
    case year(Int32, bit: Int)
    case node(Int32)
    case child(Int32)
    case dropped(LedgerKey)
  }

  static let firstYear: Int32 = 1970
  static let yearBits = 128
  private static let bytesPerLine = MemoryLayout<Line>.stride
  private static let bytesPerNode = MemoryLayout<Node>.stride

  let reader: StateReader
  private(set) var metrics: [RegisteredMetric] = []
  private var plans: ContiguousArray<SeriesPlan> = []
  private(set) var shapes: [CounterShape] = []
  var table = ByteTable()
  var lines: ContiguousArray<Line> = []
  var aliases: [Int32: Alias] = [:]
  var nodeTable = ByteTable()
  var nodes: ContiguousArray<Node> = []
  var key = KeyBuffer()
  var named = NamedLines()
  var log: ContiguousArray<Undo> = []
  var newLines: [Flush.Series] = []
  var newYears: [Flush.SeriesYear] = []
  var dropped: [LedgerKey: Int64] = [:]
  /// Of apps whose limits were asked for; an app never changes its id.
  var appIDs: [UInt32: String] = [:]
  /// How often a name was over a limit, in all, less what was undone.
  private(set) var overLimit = 0
  /// The last id given; -1: not read yet.
  var lastID: Int64 = -1
  /// The flush that will carry what changes now.
  var nextGeneration: UInt64 = 1
  var lineHand: Int32 = 0
  var nodeHand: Int32 = 0

  init(reader: StateReader) {
    self.reader = reader
  }

  var bytes: Int {
    table.bytes + table.count * Self.bytesPerLine + nodeTable.bytes
      + nodeTable.count * Self.bytesPerNode
  }

  mutating func register(_ metric: MetricDefinition) -> Int {
    if let known = metrics.firstIndex(where: { $0.definition == metric }) { return known }
    let shape = CounterShape(kinds: metric.measures.map(\.kind))
    let place = shapes.firstIndex(of: shape) ?? shapes.count
    if place == shapes.count { shapes.append(shape) }
    let registered = RegisteredMetric(metric, shape: Int32(place), firstPlan: plans.count)
    plans.append(contentsOf: registered.plans)
    metrics.append(registered)
    return metrics.count - 1
  }

  /// The slot of a line, or of the line that counts for it; nil when it has to be read or made.
  @inline(__always)
  mutating func known(_ name: LineName, year: Int32) -> Int32? {
    writeKey(name)
    let known = table.find(key.bytes)
    return known < 0 ? nil : settled(known, year: year)
  }

  /// The line that counts for a known name, when its year is settled too.
  @inline(__always)
  mutating func settled(_ slot: Int32, year: Int32) -> Int32? {
    if !lines[Int(slot)].isRecent { lines[Int(slot)].isRecent = true }
    guard lines[Int(slot)].isAlias, let alias = aliases[slot] else {
      return counts(slot, in: year) ? slot : nil
    }
    // The line may have been let go since, and its slot be another's.
    guard alias.year == year, table.isUsed(alias.slot), lines[Int(alias.slot)].id == alias.id,
      counts(alias.slot, in: year)
    else { return nil }
    lines[Int(alias.slot)].isRecent = true
    drop(app: lines[Int(slot)].app, alias.level)
    return alias.slot
  }

  @inline(__always)
  func plan(_ slot: Int32) -> SeriesPlan { plans[Int(lines[Int(slot)].plan)] }

  func plan(number: Int32) -> SeriesPlan { plans[Int(number)] }

  @inline(__always)
  func counts(_ slot: Int32, in year: Int32) -> Bool {
    let bit = Self.bit(year)
    let years = lines[Int(slot)].years
    return (bit < 64 ? years.low >> UInt64(bit) : years.high >> UInt64(bit - 64)) & 1 != 0
  }

  /// Years that no clock shows share the first or last bit.
  @inline(__always)
  static func bit(_ year: Int32) -> Int { min(max(Int(year - firstYear), 0), yearBits - 1) }

  @inline(__always)
  mutating func writeKey(_ name: LineName) {
    key.removeAll()
    key.append(name)
  }

  mutating func drop(app: UInt32, _ level: Level) {
    let key = LedgerKey(app: app, reason: level.rawValue)
    dropped[key, default: 0] += 1
    overLimit += 1
    log.append(.dropped(key))
  }

  // MARK: Undoing

  /// Takes back everything since the log was `mark` long.
  mutating func undo(since mark: Int) {
    while log.count > mark, let entry = log.popLast() {
      switch entry {
      case .line(let slot):
        newLines.removeLast()
        lastID -= 1
        remove(slot)
      case .alias(let slot): remove(slot)
      case .year(let slot, let bit):
        newYears.removeLast()
        setYear(slot, bit, false)
      case .node(let slot): nodeTable.remove(slot)
      case .child(let slot): nodes[Int(slot)].children -= 1
      case .dropped(let key):
        dropped[key, default: 0] -= 1
        overLimit -= 1
      }
    }
  }

  mutating func setYear(_ slot: Int32, _ bit: Int, _ isOn: Bool) {
    let mask = UInt64(1) << UInt64(bit & 63)
    var years = lines[Int(slot)].years
    if bit < 64 {
      years.low = isOn ? years.low | mask : years.low & ~mask
    } else {
      years.high = isOn ? years.high | mask : years.high & ~mask
    }
    lines[Int(slot)].years = years
  }

  mutating func remove(_ slot: Int32) {
    if lines[Int(slot)].isAlias { aliases[slot] = nil }
    lines[Int(slot)] = Line()
    table.remove(slot)
  }
}
