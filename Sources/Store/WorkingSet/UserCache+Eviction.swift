/// Making room.
extension UserCache {
  /// Lets go of users that nobody used since the last time around, until the memory is back below
  /// `bytesMax`. What is not committed, or not in its place, stays.
  mutating func evict(bytesMax: Int, committed: UInt64) {
    // Two rounds: the first may find everybody used recently.
    var looks = 2 * table.slotsEnd
    while bytes > bytesMax, looks > 0 {
      if Int(hand) >= table.slotsEnd { hand = 0 }
      let slot = hand
      hand += 1
      looks -= 1
      guard table.isUsed(slot) else { continue }
      let user = users[Int(slot)]
      guard user.marks.isDisjoint(with: [.dirty, .unswept]), UInt64(user.generation) <= committed
      else { continue }
      if user.marks.contains(.recent) {
        users[Int(slot)].marks.remove(.recent)
      } else {
        remove(slot)
      }
    }
    table.compactIfWorthwhile()
  }

  private mutating func remove(_ slot: Int32) {
    cellBytes -= users[Int(slot)].cells.bytes
    held[users[Int(slot)].app, default: 1] -= 1
    users[Int(slot)].cells.deallocate()
    users[Int(slot)] = User()
    merged[slot] = nil
    table.remove(slot)
  }

  mutating func removeAll(generation: UInt64) {
    self = UserCache()
    sweepBegan = generation
  }
}
