/// Numbers the users of one batch densely: slot of the working set → 0, 1, 2, … in order of
/// appearance. A table as small as the batch stays in the processor's cache; one with a place for
/// every user there is would be waited for at every item.
struct DenseIndex {
  /// Twice the users of a batch of the usual size.
  private static let placesAtFirst = 1_024
  /// Spreads neighbouring slots (2^32 divided by the golden ratio).
  private static let spread: UInt32 = 0x9E37_79B1

  /// The number of a user, valid with the stamp of the batch: a batch costs only its own users.
  private var places = ContiguousArray(
    repeating: (stamp: UInt32(0), index: UInt32(0)), count: placesAtFirst)
  private var stamp: UInt32 = 0
  private(set) var slots: ContiguousArray<Int32> = []

  /// Forgets the last batch.
  mutating func begin() {
    slots.removeAll(keepingCapacity: true)
    if stamp == .max { empty(places.count) }
    stamp += 1
  }

  /// The number of a slot in this batch.
  mutating func index(of slot: Int32) -> UInt32 {
    let place = place(of: slot)
    if places[place].stamp == stamp { return places[place].index }
    let index = UInt32(slots.count)
    places[place] = (stamp, index)
    slots.append(slot)
    if slots.count * 2 > places.count { grow() }
    return index
  }

  /// Where a slot's number stands, or is to stand.
  private func place(of slot: Int32) -> Int {
    let mask = places.count - 1
    var place = Int((UInt32(bitPattern: slot) &* Self.spread) >> 8) & mask
    while places[place].stamp == stamp, slots[Int(places[place].index)] != slot {
      place = (place + 1) & mask
    }
    return place
  }

  private mutating func grow() {
    empty(places.count * 2)
    stamp = 1
    for (index, slot) in slots.enumerated() { places[place(of: slot)] = (stamp, UInt32(index)) }
  }

  private mutating func empty(_ count: Int) {
    places = ContiguousArray(repeating: (stamp: 0, index: 0), count: count)
    stamp = 0
  }
}
