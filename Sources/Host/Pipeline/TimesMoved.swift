import Store

/// How many times of clients had to be moved, and why: of items and of events.
struct TimesMoved: Equatable {
  private(set) var fromFuture = 0
  private(set) var fromPast = 0
  private(set) var fromNowhere = 0

  var isEmpty: Bool { fromFuture | fromPast | fromNowhere == 0 }

  @inline(__always)
  mutating func add(_ moved: TimestampRule.Moved) {
    switch moved {
    case .not: break
    case .fromFuture: fromFuture += 1
    case .fromPast: fromPast += 1
    case .fromNowhere: fromNowhere += 1
    }
  }

  mutating func add(_ other: TimesMoved) {
    fromFuture += other.fromFuture
    fromPast += other.fromPast
    fromNowhere += other.fromNowhere
  }

  /// Puts them into the books of an app. They count times, not items.
  func write(app: UInt32, to store: WorkingSet) {
    for (name, count) in [("future", fromFuture), ("past", fromPast), ("nowhere", fromNowhere)]
    where count > 0 {
      store.ledger(app: app, reason: Ledger.timePrefix + name, count)
    }
  }
}
