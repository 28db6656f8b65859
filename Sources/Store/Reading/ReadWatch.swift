import Dispatch
import Synchronization

/// Ends views of the store that have been open for longer than `limit`: pages that a view may still
/// ask for cannot leave the write-ahead log, which would grow for as long as a question hangs.
final class ReadWatch: Sendable {
  private struct Entry {
    let transaction: ReadTransaction
    let end: ContinuousClock.Instant
  }

  private struct State {
    /// In the order in which they end; never more than there are readers.
    var entries: [Entry] = []
    var isWaiting = false
  }

  private let limit: Duration
  private let queue = DispatchQueue(label: "store-reads")
  private let state = Mutex(State())
  private let cuts = Atomic<Int>(0)

  init(limit: Duration) {
    self.limit = limit
  }

  /// Views that were ended so far.
  var cutCount: Int { cuts.load(ordering: .relaxed) }

  func add(_ transaction: ReadTransaction) {
    let mustWait = state.withLock { state in
      state.entries.append(Entry(transaction: transaction, end: .now + limit))
      defer { state.isWaiting = true }
      return !state.isWaiting
    }
    if mustWait { wait(limit) }
  }

  func remove(_ transaction: ReadTransaction) {
    state.withLock { state in state.entries.removeAll { $0.transaction === transaction } }
  }

  private func wait(_ time: Duration) {
    let (seconds, attoseconds) = time.components
    let delay = Double(seconds) + Double(attoseconds) / 1e18
    queue.asyncAfter(deadline: .now() + delay) { [weak self] in self?.look() }
  }

  private func look() {
    let now = ContinuousClock.now
    let (due, next) = state.withLock { state in
      let due = state.entries.prefix { $0.end <= now }
      state.entries.removeFirst(due.count)
      let next = state.entries.first?.end
      state.isWaiting = next != nil
      return (due, next)
    }
    for entry in due where entry.transaction.cut() { cuts.add(1, ordering: .relaxed) }
    if let next { wait(next - now) }
  }
}
