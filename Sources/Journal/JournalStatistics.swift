/// What the journal did since it was opened.
package struct JournalStatistics: Sendable, Equatable {
  package internal(set) var groups: UInt64 = 0
  package internal(set) var entries: UInt64 = 0
  /// Bytes of entries, without headers.
  package internal(set) var bytes: UInt64 = 0
  package internal(set) var syncs: UInt64 = 0
  /// Groups that could not be written or synced.
  package internal(set) var failures: UInt64 = 0
  package internal(set) var segmentsOpened: UInt64 = 0
  package internal(set) var segmentsTrimmed: UInt64 = 0
  /// Bytes that wait for the disk now.
  package internal(set) var queueBytes = 0
  package internal(set) var refusedFull: UInt64 = 0
  package internal(set) var refusedDiskReserve: UInt64 = 0
  package internal(set) var refusedBroken: UInt64 = 0
  package internal(set) var refusedTooLarge: UInt64 = 0
  /// What went wrong last, as the disk said it; nil while nothing has.
  package internal(set) var lastFailure: String?

  mutating func refused(_ reason: JournalAppend) {
    switch reason {
    case .queued: return
    case .full: refusedFull += 1
    case .diskReserve: refusedDiskReserve += 1
    case .broken: refusedBroken += 1
    case .tooLarge: refusedTooLarge += 1
    }
  }
}
