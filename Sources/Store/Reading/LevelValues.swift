/// The measures of every slot at one level of a document while it is written.
struct LevelValues {
  private let kinds: [Measure.Kind]
  /// `kinds.count` measures a slot.
  private(set) var values: [Int64]
  private var touched: [Int32] = []
  private var isTouched: [Bool]

  init(slots: Int, measures: [Measure]) {
    kinds = measures.map(\.kind)
    values = [Int64](repeating: 0, count: slots * measures.count)
    isTouched = [Bool](repeating: false, count: slots)
  }

  /// The slots that hold something, in order.
  mutating func sortedSlots() -> [Int32] {
    touched.sort()
    return touched
  }

  /// Adds the measures that the mask names, each as its kind demands.
  mutating func combine(slot: Int, with source: [Int64], at first: Int, mask: UInt32 = .max) {
    if !isTouched[slot] {
      isTouched[slot] = true
      touched.append(Int32(slot))
    }
    let place = slot * kinds.count
    for measure in 0..<kinds.count where mask & (1 << UInt32(measure)) != 0 {
      values[place + measure] = kinds[measure].combined(
        values[place + measure], source[first + measure])
    }
  }

  /// Adds the rows of a bucket.
  mutating func add(_ rows: GrainRows, bucket: Int32) {
    rows.forEach(in: bucket) { slot, place in combine(slot: slot, with: rows.values, at: place) }
  }

  /// Adds what the level above sums from this one.
  func fold(into parent: inout LevelValues, masks: [UInt32]) {
    for slot in touched where masks[Int(slot)] != 0 {
      let slot = Int(slot)
      parent.combine(slot: slot, with: values, at: slot * kinds.count, mask: masks[slot])
    }
  }

  /// The slots that hold something, and the measures of each.
  var contents: (slots: [Int], measures: [Int64]) {
    let slots = touched.map(Int.init)
    return (slots, slots.flatMap { values[$0 * kinds.count..<($0 + 1) * kinds.count] })
  }

  mutating func clear() {
    for slot in touched {
      isTouched[Int(slot)] = false
      for measure in 0..<kinds.count { values[Int(slot) * kinds.count + measure] = 0 }
    }
    touched.removeAll(keepingCapacity: true)
  }
}

extension Measure.Kind {
  /// Two values of one measure as one. Sums stop at the ends of their type; of smallest and
  /// largest, 0 says "none".
  func combined(_ left: Int64, _ right: Int64) -> Int64 {
    switch self {
    case .sum, .unique, .new:
      let (sum, overflow) = left.addingReportingOverflow(right)
      return overflow ? (right < 0 ? .min : .max) : sum
    case .minimum: return left == 0 ? right : right == 0 ? left : min(left, right)
    case .maximum: return left == 0 ? right : right == 0 ? left : max(left, right)
    }
  }
}
