import Foundation

/// Where others wait for the pipeline's thread: until it has taken a change over, or has done
/// something at rest. Any thread.
final class PipelineChange: @unchecked Sendable {
  /// Something to be done while everything counted is committed and nothing is under way.
  final class Errand: @unchecked Sendable {
    fileprivate let body: () throws -> Void
    fileprivate let done = DispatchSemaphore(value: 0)
    fileprivate var failure: (any Error)?

    fileprivate init(_ body: @escaping () throws -> Void) { self.body = body }

    /// The pipeline's thread.
    func run() {
      do { try body() } catch { failure = error }
      done.signal()
    }

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

  /// Has the pipeline do something at rest, and waits for it; `wake` makes it look.
  func perform(_ body: @escaping () throws -> Void, wake: () -> Void) throws {
    let errand = Errand(body)
    let isLate = condition.withLock {
      if !hasEnded { errands.append(errand) }
      return hasEnded
    }
    guard !isLate else { throw CommandError(.control, "the server is stopping") }
    wake()
    errand.done.wait()
    if let failure = errand.failure { throw failure }
  }

  /// What is to be done; the pipeline's thread.
  func takeErrands() -> [Errand] {
    condition.withLock {
      defer { errands = [] }
      return errands
    }
  }

  var hasErrands: Bool { condition.withLock { !errands.isEmpty } }
}
