/// Adds up counters between two flushes: open addressing over (series, grain, bucket), measures in
/// one flat array. Pointers instead of a dictionary, because every event comes through here several
/// times.
struct CounterTable: ~Copyable {
  private static let capacityAtFirst = 1_024

  private let hash: ByteHash
  /// Place in `rows`, or -1.
  private var places: UnsafeMutablePointer<Int32>
  private var capacity: Int
  private var pending = CounterRows()

  init(hash: ByteHash = .random()) {
    self.hash = hash
    capacity = Self.capacityAtFirst
    places = .allocate(capacity: capacity)
    places.initialize(repeating: -1, count: capacity)
  }

  deinit {
    places.deallocate()
  }

  var count: Int { pending.rows.count }

  /// The place of the first measure of a bucket, whose row is made when new.
  @inline(__always)
  mutating func values(_ key: CounterKey, shape: Int32, measures: Int) -> Int {
    var place = Int(truncatingIfNeeded: hash(key.rawValue)) & (capacity - 1)
    while true {
      let row = places[place]
      if row < 0 { return insert(key, shape: shape, measures: measures, at: place) }
      if pending.rows[Int(row)].key == key { return Int(pending.rows[Int(row)].values) }
      place = (place + 1) & (capacity - 1)
    }
  }

  @inline(__always)
  mutating func combine(_ place: Int, _ kind: Measure.Kind, _ value: Int64) {
    pending.values[place] = CounterShape.combine(kind, pending.values[place], value)
  }

  /// Takes everything out, sorted.
  mutating func take(shapes: [CounterShape]) -> CounterRows {
    var taken = CounterRows()
    swap(&taken, &pending)
    taken.shapes = shapes
    taken.sort()
    clearPlaces()
    return taken
  }

  mutating func removeAll() {
    pending = CounterRows()
    clearPlaces()
  }

  private mutating func insert(
    _ key: CounterKey, shape: Int32, measures: Int, at place: Int
  ) -> Int {
    let start = pending.values.count
    places[place] = Int32(pending.rows.count)
    pending.rows.append(CounterRows.Row(key: key, shape: shape, values: Int32(start)))
    for _ in 0..<measures { pending.values.append(0) }
    if pending.rows.count * 3 > capacity * 2 { grow() }
    return start
  }

  private mutating func grow() {
    places.deallocate()
    capacity *= 2
    places = .allocate(capacity: capacity)
    places.initialize(repeating: -1, count: capacity)
    for (row, entry) in pending.rows.enumerated() {
      var place = Int(truncatingIfNeeded: hash(entry.key.rawValue)) & (capacity - 1)
      while places[place] >= 0 { place = (place + 1) & (capacity - 1) }
      places[place] = Int32(row)
    }
  }

  private func clearPlaces() {
    places.update(repeating: -1, count: capacity)
  }
}
