/// What was found and done when the journal was opened.
package struct JournalRecovery: Sendable, Equatable {
  /// What the folder held. Tails were cut off, damage was copied into quarantine and is passed
  /// over.
  package let report: JournalReport
  /// The position of the first entry that this run takes.
  package let nextPosition: UInt64
}
