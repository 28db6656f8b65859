/// The moments of an entry's way at which tests end the process.
package enum JournalFault: String, CaseIterable, Sendable {
  /// Queued, nothing written.
  case afterAppend
  /// Written, not synced.
  case afterWrite
  /// Synced, nobody told.
  case afterSync
  /// Before the first segment behind the store's commit is deleted.
  case beforeTrim
}
