/// Numbers the users of one batch densely: slot of the working set → 0, 1, 2, … in order of
/// appearance. Stamps instead of clearing, so that a batch costs only its own users.
struct DenseIndex {
  private var stamps: ContiguousArray<UInt32> = []
  private var indices: ContiguousArray<UInt32> = []
  private var stamp: UInt32 = 0
  private(set) var slots: ContiguousArray<Int32> = []

  /// Forgets the last batch.
  mutating func begin() {
    slots.removeAll(keepingCapacity: true)
    if stamp == .max {
      stamps = ContiguousArray(repeating: 0, count: stamps.count)
      stamp = 0
    }
    stamp += 1
  }

  /// The number of a slot in this batch.
  mutating func index(of slot: Int32) -> UInt32 {
    let place = Int(slot)
    if place >= stamps.count {
      let more = max(place + 1 - stamps.count, stamps.count)
      stamps.append(contentsOf: repeatElement(0, count: more))
      indices.append(contentsOf: repeatElement(0, count: more))
    }
    if stamps[place] == stamp { return indices[place] }
    stamps[place] = stamp
    indices[place] = UInt32(slots.count)
    slots.append(slot)
    return indices[place]
  }
}
