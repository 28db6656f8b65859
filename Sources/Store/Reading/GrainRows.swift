/// The counter rows of one grain: appended series by series, then arranged by bucket.
struct GrainRows {
  let places: BucketPlaces
  private let width: Int
  private var buckets: [Int32] = []
  /// The slot of each row in its document.
  private(set) var slots: [Int32] = []
  /// `width` measures a row.
  private(set) var values: [Int64] = []
  /// Where the rows of a bucket begin in `order`.
  private var starts: [Int32] = []
  private var order: [Int32] = []

  init(places: BucketPlaces, width: Int) {
    self.places = places
    self.width = width
  }

  /// Takes the row that the query stands on (bucket, then the measures), as far as the mask says.
  mutating func append(_ row: ReadStatement, slot: Int32, mask: UInt32) {
    buckets.append(Int32(truncatingIfNeeded: places[Int32(truncatingIfNeeded: row.integer(0))]))
    slots.append(slot)
    for measure in 0..<width {
      values.append(mask & (1 << UInt32(measure)) != 0 ? row.integer(measure + 1) : 0)
    }
  }

  /// Sorts by bucket and leaves the rows of a bucket in the order they came; linear.
  mutating func arrange() {
    starts = [Int32](repeating: 0, count: places.count + 1)
    for bucket in buckets { starts[Int(bucket) + 1] += 1 }
    for place in 1..<starts.count { starts[place] += starts[place - 1] }
    var next = starts
    order = [Int32](repeating: 0, count: buckets.count)
    for (row, bucket) in buckets.enumerated() {
      order[Int(next[Int(bucket)])] = Int32(row)
      next[Int(bucket)] += 1
    }
    buckets = []
  }

  func hasRows(in bucket: Int32) -> Bool {
    guard places.bounds.contains(bucket) else { return false }
    let place = places[bucket]
    return starts[place] < starts[place + 1]
  }

  /// Calls `visit` with slot and first value's place of each row of the bucket.
  func forEach(in bucket: Int32, _ visit: (Int, Int) -> Void) {
    guard places.bounds.contains(bucket) else { return }
    let place = places[bucket]
    for index in starts[place]..<starts[place + 1] {
      let row = Int(order[Int(index)])
      visit(Int(slots[row]), row * width)
    }
  }
}
