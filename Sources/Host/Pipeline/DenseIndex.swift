/// Numbers the users of one batch densely: slot of the working set → 0, 1, 2, … in order of
/// appearance. Stamps instead of clearing, so that a batch costs only its own users.
struct DenseIndex {
  /// Per slot the stamp of the batch it was last seen in, and its number there.
  private var places: ContiguousArray<(stamp: UInt32, index: UInt32)> = []
  private var stamp: UInt32 = 0
  private(set) var slots: ContiguousArray<Int32> = []

  /// Forgets the last batch.
  mutating func begin() {
    slots.removeAll(keepingCapacity: true)
    if stamp == .max {
      places = ContiguousArray(repeating: (stamp: 0, index: 0), count: places.count)
      stamp = 0
    }
    stamp += 1
  }

  /// The number of a slot in this batch.
  mutating func index(of slot: Int32) -> UInt32 {
    let place = Int(slot)
    if place >= places.count {
      let more = max(place + 1 - places.count, places.count)
      places.append(contentsOf: repeatElement((stamp: 0, index: 0), count: more))
    }
    let known = places[place]
    if known.stamp == stamp { return known.index }
    let index = UInt32(slots.count)
    places[place] = (stamp, index)
    slots.append(slot)
    return index
  }
}
