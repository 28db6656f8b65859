import Foundation

/// Where others wait for the pipeline's thread: until it has taken a change over, or has done
/// something at rest. Any thread.
final class PipelineChange: @unchecked Sendable {
  /// Something to be done between two batches.
  final class Errand: @unchecked Sendable {
    /// Only while everything counted is committed and nothing is under way.
    let isAtRest: Bool
    fileprivate let body: () throws -> Void
    fileprivate let done = DispatchSemaphore(value: 0)
    fileprivate var failure: (any Error)?
    private let lock = NSLock()
    private var isCancelled = false

    fileprivate init(isAtRest: Bool, _ body: @escaping () throws -> Void) {
      self.isAtRest = isAtRest
      self.body = body
    }

    /// The pipeline's thread.
    func run() {
      lock.withLock {
        guard !isCancelled else { return }
        do { try body() } catch { failure = error }
      }
      done.signal()
    }

    /// Nobody waits any more: it is not done unless it was begun, and then this waits for it.
    fileprivate func cancel() { lock.withLock { isCancelled = true } }

    /// The pipeline could not come to rest, or ends.
    func fail(_ error: any Error) {
      failure = error
      done.signal()
    }
  }

  private let condition = NSCondition()
  private var taken = 0
  private var hasEnded = false
  private var errands: [Errand] = []

  /// The pipeline calls no set that is older.
  func didTake(_ version: Int) {
    condition.withLock {
      taken = version
      condition.broadcast()
    }
  }

  /// The pipeline calls nothing any more.
  func end() -> [Errand] {
    condition.withLock {
      hasEnded = true
      condition.broadcast()
      defer { errands = [] }
      return errands
    }
  }

  func hasTaken(_ version: Int, seconds: Double) -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    condition.lock()
    defer { condition.unlock() }
    while taken < version, !hasEnded {
      if !condition.wait(until: deadline) { break }
    }
    return taken >= version || hasEnded
  }

  /// How long others wait for the pipeline to do something.
  static let performSeconds = 8.0

  /// Has the pipeline do something, and waits for it; `wake` makes it look. Throws when the
  /// pipeline is too busy, and then it is not done.
  func perform(
    atRest isAtRest: Bool, wake: () -> Void, _ body: @escaping () throws -> Void
  ) throws {
    let errand = Errand(isAtRest: isAtRest, body)
    let isLate = condition.withLock {
      if !hasEnded { errands.append(errand) }
      return hasEnded
    }
    guard !isLate else { throw CommandError(.control, "the server is stopping") }
    wake()
    guard errand.done.wait(timeout: .now() + Self.performSeconds) == .success else {
      errand.cancel()
      guard errand.done.wait(timeout: .now()) == .success else {
        throw CommandError(.control, "the server is too busy; try again")
      }
      if let failure = errand.failure { throw failure }
      return
    }
    if let failure = errand.failure { throw failure }
  }

  /// What is to be done, at rest or not; the pipeline's thread.
  func takeErrands(atRest: Bool) -> [Errand] {
    condition.withLock {
      let taken = errands.filter { $0.isAtRest == atRest }
      errands.removeAll { $0.isAtRest == atRest }
      return taken
    }
  }

  var hasErrands: Bool { condition.withLock { !errands.isEmpty } }
}
