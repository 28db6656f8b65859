import Foundation

/// Threads on which questions are answered, first come first served. A plugin may keep one for ever:
/// then a spare takes its place. No more wait than connections are open, which have a limit.
final class ReadPool: @unchecked Sendable {
  static let standardThreads = 2
  /// Threads that stand in for those that do not come back; from there on questions wait.
  static let sparesMax = 16
  /// Places that are given back together.
  private static let takenMax = 1_024

  typealias Work = @Sendable (_ isActive: Bool) -> Void

  private let threads: Int
  private let condition = NSCondition()
  // Everything below only under the condition's lock.
  /// What waits, behind what was taken of it: that is nil, for it may hold a plugin.
  private var work: [Work?] = []
  private var taken = 0
  private var lent = 0
  private var alive = 0
  private var started = 0
  private var isStopping = false

  init(threads: Int) { self.threads = threads }

  func start() { condition.withLock { hire() } }

  /// Has a thread do it; it is told when the pool has ended and it should answer so.
  func submit(_ body: @escaping Work) {
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
      return work[taken...].compactMap { $0 }
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
  private func next() -> Work? {
    condition.lock()
    defer { condition.unlock() }
    while !isStopping, alive <= wanted {
      if let body = take() { return body }
      condition.wait()
    }
    alive -= 1
    // Whoever woke this one meant somebody.
    condition.signal()
    return nil
  }

  /// Under the condition's lock.
  private func take() -> Work? {
    guard taken < work.count else { return nil }
    let body = work[taken]
    work[taken] = nil
    taken += 1
    if taken == work.count || taken == Self.takenMax {
      work.removeFirst(taken)
      taken = 0
    }
    return body
  }
}

extension ReadPool {
  /// What `body` answers or throws; throws as well when the pool has ended.
  func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      submit { isActive in
        if isActive {
          continuation.resume(with: Result { try body() })
        } else {
          continuation.resume(throwing: QueryError(code: .storeFailed))
        }
      }
    }
  }
}
