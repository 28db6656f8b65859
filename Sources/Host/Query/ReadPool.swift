import Foundation

/// Threads on which questions are answered, first come first served. A plugin may keep one for ever:
/// then a spare takes its place.
final class ReadPool: @unchecked Sendable {
  static let standardThreads = 2
  /// Threads that stand in for those that do not come back; from there on questions wait.
  static let sparesMax = 16

  private let threads: Int
  private let condition = NSCondition()
  // Everything below only under the condition's lock.
  private var work: [@Sendable (_ isActive: Bool) -> Void] = []
  /// What was taken of `work` already.
  private var taken = 0
  private var lent = 0
  private var alive = 0
  private var started = 0
  private var isStopping = false

  init(threads: Int) { self.threads = threads }

  func start() { condition.withLock { hire() } }

  /// Has a thread do it; it is told when the pool has ended and it should answer so.
  func submit(_ body: @escaping @Sendable (_ isActive: Bool) -> Void) {
    let isTaken = condition.withLock {
      guard !isStopping else { return false }
      work.append(body)
      condition.signal()
      return true
    }
    if !isTaken { body(false) }
  }

  /// So many more threads do not come back, or have.
  func lend(_ count: Int) {
    condition.withLock {
      lent += count
      hire()
      condition.broadcast()
    }
  }

  /// Nothing more begins; what waits is told so. Does not wait for what runs.
  func stop() {
    let left = condition.withLock {
      isStopping = true
      condition.broadcast()
      defer { (work, taken) = ([], 0) }
      return work[taken...]
    }
    for body in left { body(false) }
  }

  private var wanted: Int { threads + min(max(lent, 0), Self.sparesMax) }

  /// Under the condition's lock.
  private func hire() {
    while alive < wanted {
      alive += 1
      started += 1
      Thread.start(name: "reads-\(started)") { self.serve() }
    }
  }

  private func serve() {
    while let body = next() { body(true) }
  }

  /// What comes next; nil at the end, or when there is one thread too many.
  private func next() -> (@Sendable (_ isActive: Bool) -> Void)? {
    condition.lock()
    defer { condition.unlock() }
    while !isStopping, alive <= wanted {
      if taken < work.count {
        defer { taken += 1 }
        if taken >= 1_024 { (work, taken) = (Array(work[taken...]), 0) }
        return work[taken]
      }
      (work, taken) = ([], 0)
      condition.wait()
    }
    alive -= 1
    // Whoever woke this one meant somebody.
    condition.signal()
    return nil
  }
}

extension ReadPool {
  /// What `body` answers; throws when the pool has ended.
  func run<T: Sendable>(_ body: @escaping @Sendable () -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      submit { isActive in
        if isActive {
          continuation.resume(returning: body())
        } else {
          continuation.resume(throwing: QueryError(code: .storeFailed))
        }
      }
    }
  }
}
