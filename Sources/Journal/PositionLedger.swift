/// The books of positions while a journal is gone through in order: which were kept, lost, never
/// used. No I/O.
struct PositionLedger: Equatable {
  /// The store's position; 0 when unknown. What lies before it cannot be lost any more.
  let store: UInt64
  private let storeIsKnown: Bool
  private(set) var next: UInt64
  private(set) var answered: UInt64
  private(set) var gaps: [JournalReport.Gap] = []
  /// The last position that the headers so far account for; nil before the first header.
  private var accounted: UInt64?
  /// Damages without a header of their own: what they held shows at the next header.
  private var unbounded: [Int] = []

  init(storePosition: UInt64?) {
    store = storePosition ?? 0
    storeIsKnown = storePosition != nil
    next = store + 1
    answered = store
  }

  /// Any header, also one that does not count: its positions have been given away.
  mutating func saw(_ header: GroupHeader) { next = max(next, header.lastPosition + 1) }

  mutating func keep(_ header: GroupHeader, boundsOf damages: inout [JournalReport.Damage]) {
    reach(header, boundsOf: &damages)
    answered = max(answered, header.lastPosition)
    accounted = header.lastPosition
  }

  /// A group whose header tells what is lost; it is the last of the damages.
  mutating func lose(_ header: GroupHeader, boundsOf damages: inout [JournalReport.Damage]) {
    reach(header, boundsOf: &damages)
    accounted = header.lastPosition
    guard header.entryCount > 0, let last = damages.indices.last else { return }
    damages[last].positions = header.firstPosition...header.lastPosition
    gap(header.firstPosition, header.lastPosition, .lost)
  }

  mutating func loseUnknown(_ damage: Int) { unbounded.append(damage) }

  /// After the last header. A store that is further than the journal has seen entries that the
  /// journal does not know: it was deleted, or an older copy was put back.
  mutating func finish() {
    guard storeIsKnown, store > accounted ?? 0 else { return }
    gaps.append(.init(positions: (accounted ?? 0) + 1...store, reason: .behindStore))
  }

  /// Up to `priorPosition` there were entries, from there to the group none.
  private mutating func reach(
    _ header: GroupHeader, boundsOf damages: inout [JournalReport.Damage]
  ) {
    let prior = header.priorPosition
    let before = accounted ?? (storeIsKnown ? min(store, prior) : prior)
    if prior > before {
      for index in unbounded { damages[index].positions = before + 1...prior }
      gap(before + 1, prior, .lost)
    }
    unbounded.removeAll()
    answered = max(answered, prior)
    let reached = max(before, prior)
    if header.firstPosition > reached + 1 { gap(reached + 1, header.firstPosition - 1, .unused) }
  }

  /// Gaps that touch and have one reason are one; what the store has is none.
  private mutating func gap(_ first: UInt64, _ last: UInt64, _ reason: JournalReport.Gap.Reason) {
    let first = max(first, store + 1)
    guard first <= last else { return }
    if let before = gaps.last, before.reason == reason, before.positions.upperBound + 1 == first {
      gaps[gaps.count - 1] = .init(
        positions: before.positions.lowerBound...last, reason: reason)
    } else {
      gaps.append(.init(positions: first...last, reason: reason))
    }
  }
}
