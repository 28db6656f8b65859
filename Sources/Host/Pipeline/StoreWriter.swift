import Foundation
import Logging
import Store

/// The thread that commits. It takes one flush at a time, so that the pipeline goes on counting
/// while the disk is waited for.
final class StoreWriter: @unchecked Sendable {
  /// How a flush ended.
  enum Outcome {
    case committed(Flush)
    case failed(any Error)
  }

  private let store: Store
  private let faults: FaultPoints
  private let log: Logger
  private let condition = NSCondition()
  private var pending: Flush?
  private var outcome: Outcome?
  private var stopping = false
  private var running = true
  private let done: @Sendable () -> Void

  /// `done` is called on the writer's thread after each flush; the pipeline then calls
  /// `takeOutcome`.
  init(store: Store, faults: FaultPoints, log: Logger, done: @escaping @Sendable () -> Void) {
    self.store = store
    self.faults = faults
    self.log = log
    self.done = done
    Thread.start(name: "store-writer") { self.run() }
  }

  /// Hands over a flush; the previous one must have been taken back by `takeOutcome`.
  func submit(_ flush: Flush) {
    condition.withLock {
      precondition(pending == nil && outcome == nil, "one flush at a time")
      pending = flush
      condition.broadcast()
    }
  }

  /// The outcome of the flush in flight, once there is one.
  func takeOutcome() -> Outcome? {
    condition.withLock {
      defer { outcome = nil }
      return outcome
    }
  }

  /// As `takeOutcome`, waiting for it.
  func waitForOutcome() -> Outcome? {
    condition.lock()
    defer { condition.unlock() }
    while outcome == nil, pending != nil { condition.wait() }
    defer { outcome = nil }
    return outcome
  }

  /// Ends the thread after the flush in flight.
  func stop() {
    condition.lock()
    stopping = true
    condition.broadcast()
    while running { condition.wait() }
    condition.unlock()
  }

  private func run() {
    while let flush = next() {
      let result: Outcome
      do {
        try store.commit(flush, faultPoint: pass)
        result = .committed(flush)
      } catch { result = .failed(error) }
      condition.withLock {
        outcome = result
        pending = nil
        condition.broadcast()
      }
      done()
      checkpoint()
    }
    condition.withLock {
      running = false
      condition.broadcast()
    }
  }

  private func pass(_ fault: StoreFault) {
    switch fault {
    case .betweenRawAndMain: faults.pass(.afterRawCommit)
    case .afterMain: faults.pass(.afterMainCommit)
    case .beforeRaw, .beforeMainCommit: break
    }
  }

  /// Behind the news of the commit, because nobody waits for it. One that fails is tried again
  /// after the next commit; until then the write-ahead log is longer.
  private func checkpoint() {
    do { try store.checkpointIfDue() } catch {
      log.warning("checkpoint failed", metadata: ["error": "\(error)"])
    }
  }

  private func next() -> Flush? {
    condition.lock()
    defer { condition.unlock() }
    while pending == nil, !stopping { condition.wait() }
    return pending
  }
}

extension Thread {
  /// Hooks of plugins run on such threads; they get the stack a main thread would have.
  private static let stackBytes = 8 << 20

  /// Starts a named thread.
  static func start(name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread {
      // Foundation keeps its name to itself; this is the one that debuggers and `top` show.
      try? Data(name.utf8).write(to: URL(fileURLWithPath: "/proc/thread-self/comm"))
      body()
    }
    thread.name = name
    thread.stackSize = stackBytes
    thread.start()
  }
}
