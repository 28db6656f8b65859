/// What became of an entry that was offered.
package enum JournalAppend: String, CaseIterable, Sendable {
  /// Taken; the sink is told how it ended.
  case queued
  /// Too much waits for the disk already.
  case full
  /// The disk is under its reserve.
  case diskReserve
  /// The disk failed and has not come back, or the journal is closed.
  case broken
  /// Longer than an entry may be.
  case tooLarge
}
