/// What a journal's folder holds: segments, what is damaged, which positions are missing.
package struct JournalReport: Sendable, Equatable {
  /// One segment file.
  package struct Segment: Sendable, Equatable {
    package let file: String
    package let fileBytes: Int
    /// Groups that can be read.
    package internal(set) var groups = 0
    package internal(set) var entries = 0
    package internal(set) var firstPosition: UInt64?
    package internal(set) var lastPosition: UInt64?
  }

  /// Bytes at a segment's end that nobody was told are kept: a write cut short, or a group that was
  /// refused.
  package struct Tail: Sendable, Equatable {
    package let file: String
    package let offset: Int
    package let bytes: Int
  }

  /// Bytes that are not what was written, with readable groups after them or known to have been
  /// durable.
  package struct Damage: Sendable, Equatable {
    package let file: String
    package let offset: Int
    package let bytes: Int
    /// What was lost with them; nil when no entry was.
    package internal(set) var positions: ClosedRange<UInt64>?
    /// A later group knew these bytes to be durable: the disk changed them. False only for entries
    /// that were answered without a sync.
    package let wasDurable: Bool
    /// Where the bytes were copied to.
    package internal(set) var quarantine: String?
  }

  /// Positions without entries.
  package struct Gap: Sendable, Equatable {
    /// Why nothing is there.
    package enum Reason: String, Sendable {
      /// Entries stood there and were answered as kept.
      case lost
      /// Passed over: refused when the disk failed, or skipped to stay beyond the store's position.
      case unused
      /// The store has them, the journal never heard of them: it was deleted, or an older copy was
      /// put back.
      case behindStore
    }

    package let positions: ClosedRange<UInt64>
    package let reason: Reason
  }

  package internal(set) var segments: [Segment] = []
  package internal(set) var tails: [Tail] = []
  package internal(set) var damages: [Damage] = []
  package internal(set) var gaps: [Gap] = []

  package var groups: Int { segments.reduce(0) { $0 + $1.groups } }
  package var entries: Int { segments.reduce(0) { $0 + $1.entries } }
  package var firstPosition: UInt64? { segments.lazy.compactMap(\.firstPosition).first }
  package var lastPosition: UInt64? { segments.lazy.reversed().compactMap(\.lastPosition).first }

  /// Nothing that was answered as kept is missing or damaged. A tail that nobody was promised is no
  /// fault.
  package var isSound: Bool { damages.isEmpty && !gaps.contains { $0.reason == .lost } }
}
