import Synchronization

/// How long calls took, in buckets whose width grows with the value: 32 to each doubling, so that a
/// quantile is at most 3 % off, in 9 KiB whatever is recorded. Any thread.
final class Histogram: Sendable {
  /// 32 buckets to a doubling.
  private static let precisionBits = 5
  /// Longer is counted as this: 18 minutes.
  static let valueMax: UInt64 = 1 << 40
  private static let places = (40 - precisionBits + 2) << precisionBits

  private nonisolated(unsafe) let buckets: UnsafeMutablePointer<Atomic<Int>>

  init() {
    buckets = .allocate(capacity: Self.places)
    for place in 0..<Self.places { (buckets + place).initialize(to: Atomic(0)) }
  }

  deinit {
    buckets.deinitialize(count: Self.places)
    buckets.deallocate()
  }

  /// Adds one value, on the one thread that ever records here.
  @inline(__always)
  func recordAlone(_ value: UInt64) { buckets[Self.place(of: value)].addAlone(1) }

  /// Adds one value.
  func record(_ value: UInt64) {
    buckets[Self.place(of: value)].wrappingAdd(1, ordering: .relaxed)
  }

  /// How many values were added.
  var count: Int { (0..<Self.places).reduce(0) { $0 + buckets[$1].load(ordering: .relaxed) } }

  /// The smallest values that at least these shares of all values do not exceed; 0 of nothing.
  func quantiles(_ shares: [Double]) -> [UInt64] {
    let counts = (0..<Self.places).map { buckets[$0].load(ordering: .relaxed) }
    let total = counts.reduce(0, +)
    return shares.map { share in
      guard total > 0 else { return 0 }
      let wanted = max(1, Int((share * Double(total)).rounded(.up)))
      var seen = 0
      for (place, count) in counts.enumerated() {
        seen += count
        if seen >= wanted { return Self.highest(in: place) }
      }
      return Self.valueMax
    }
  }

  /// Values below 64 have a bucket each; above, the bits behind the highest one are the place.
  @inline(__always)
  static func place(of value: UInt64) -> Int {
    let value = min(value, valueMax)
    guard value >= 1 << (precisionBits + 1) else { return Int(value) }
    let shift = (63 - value.leadingZeroBitCount) - precisionBits
    return (shift << precisionBits) + Int(value >> UInt64(shift))
  }

  /// The highest value that falls into a bucket.
  static func highest(in place: Int) -> UInt64 {
    guard place >= 1 << (precisionBits + 1) else { return UInt64(place) }
    let shift = (place >> precisionBits) - 1
    let head = UInt64(place - (shift << precisionBits))
    return min((head + 1) << UInt64(shift) - 1, valueMax)
  }
}

extension Atomic<Int> {
  /// An addition where only one thread adds and others only look: no locked instruction.
  @inline(__always)
  func addAlone(_ amount: Int) {
    store(load(ordering: .relaxed) &+ amount, ordering: .relaxed)
  }
}
