import Foundation

/// Where reads wait until what was durable when they arrived is committed, so that clients read
/// their own writes without sleeping. Any thread.
final class CommitGate: @unchecked Sendable {
  private let condition = NSCondition()
  private var committed: UInt64
  private var wanted: UInt64 = 0
  /// Who is told of a commit, by a number; each once.
  private var listeners: [UInt64: (position: UInt64, tell: @Sendable () -> Void)] = [:]
  private var nextListener: UInt64 = 0
  private let waitMax: Duration
  private let wake: @Sendable () -> Void

  /// `waitMax` is the longest a read waits; after it, the read sees the last commit. `wake` makes
  /// the pipeline look again.
  init(committed: UInt64, waitMax: Duration, wake: @escaping @Sendable () -> Void) {
    self.committed = committed
    self.waitMax = waitMax
    self.wake = wake
  }

  /// Whether a read waits for a position that is counted, that is at most `counted`, but not
  /// committed.
  func isWanted(counted: UInt64) -> Bool {
    condition.withLock { wanted > committed && committed < counted && wanted <= counted }
  }

  /// Whether everything up to `position` is committed.
  func has(_ position: UInt64) -> Bool { condition.withLock { committed >= position } }

  /// Blocks until `position` is committed or the limit has passed; true when it is.
  @discardableResult
  func wait(for position: UInt64) -> Bool {
    let (seconds, attoseconds) = waitMax.components
    let deadline = Date(timeIntervalSinceNow: Double(seconds) + Double(attoseconds) * 1e-18)
    condition.lock()
    defer { condition.unlock() }
    guard committed < position else { return true }
    wanted = max(wanted, position)
    wake()
    while committed < position {
      if !condition.wait(until: deadline) { return committed >= position }
    }
    return true
  }

  /// Blocks until everything up to `position` is committed or the time is over; true when it is.
  /// Hurries no commit.
  func wait(through position: UInt64, seconds: Double) -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    return condition.withLock {
      while committed < position, condition.wait(until: deadline) {}
      return committed >= position
    }
  }

  /// The last committed position, when it is behind `position` or the time is over. Hurries no
  /// commit.
  func next(after position: UInt64, seconds: Double) -> UInt64 {
    let deadline = Date(timeIntervalSinceNow: seconds)
    return condition.withLock {
      while committed <= position, condition.wait(until: deadline) {}
      return committed
    }
  }

  /// Calls `tell` behind the commit of `position`, on the thread that commits or on this one; nothing
  /// blocks. Answers a number to `forget`; whoever listens bounds how many there are.
  func listen(for position: UInt64, _ tell: @escaping @Sendable () -> Void) -> UInt64 {
    let (number, isThere) = condition.withLock {
      nextListener += 1
      if committed < position { listeners[nextListener] = (position, tell) }
      return (nextListener, committed >= position)
    }
    if isThere { tell() }
    return number
  }

  /// Calls `tell` once: behind the commit of `position`, which is hurried, or when the limit has
  /// passed. Nothing blocks.
  func after(_ position: UInt64, _ tell: @escaping @Sendable () -> Void) {
    condition.withLock { wanted = max(wanted, position) }
    wake()
    let listener = listen(for: position, tell)
    // The timer does not hold on to `tell`, which may hold on to a plugin that is to end.
    Task { [self] in
      try? await Task.sleep(for: waitMax)
      take(listener)?()
    }
  }

  /// How many are told of commits to come.
  var listening: Int { condition.withLock { listeners.count } }

  func forget(_ listener: UInt64) { _ = take(listener) }

  /// Nil when it has been told.
  private func take(_ listener: UInt64) -> (@Sendable () -> Void)? {
    condition.withLock { listeners.removeValue(forKey: listener)?.tell }
  }

  /// The store has committed everything up to `position`.
  func advance(to position: UInt64) {
    let told = condition.withLock {
      committed = max(committed, position)
      condition.broadcast()
      return listeners.isEmpty ? [] : takeListeners()
    }
    for listener in told { listener() }
  }

  private func takeListeners() -> [@Sendable () -> Void] {
    let told = listeners.filter { $0.value.position <= committed }
    for number in told.keys { listeners[number] = nil }
    return told.values.map(\.tell)
  }
}
