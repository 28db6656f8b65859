/// Users of whom only such items came as are nobody's, or were left out: they are there because
/// repetitions are known by them, and are no users to whoever asks.
extension UserCache {
  /// Stands in place of the time at which a user was made, for those who ask the file.
  static let hiddenMs: Int64 = -1
  /// In `seen` of the host's cell, which has no hours of its own; it is read with the user.
  private static let mark: [UInt8] = [1]

  func isHidden(_ slot: Int32) -> Bool { users[Int(slot)].marks.contains(.hidden) }

  mutating func hide(_ slot: Int32) {
    guard !isHidden(slot) else { return }
    users[Int(slot)].marks.insert(.hidden)
    write(Self.mark, slot, createdMs: Self.hiddenMs)
  }

  /// Somebody has been seen.
  mutating func reveal(_ slot: Int32, atMs: Int64) {
    guard isHidden(slot) else { return }
    users[Int(slot)].marks.remove(.hidden)
    write([], slot, createdMs: atMs)
  }

  private mutating func write(_ mark: [UInt8], _ slot: Int32, createdMs: Int64) {
    mark.withUnsafeBytes { bytes in change(slot, 0) { $0.setSeen($1, bytes) } }
    newUsers.append(NewUser(slot: slot, createdMs: createdMs))
  }
}
