import Foundation
import Testing

/// Runs each test of a suite on a thread of its own. Tests that block for long otherwise hold the few
/// threads on which Swift runs everything asynchronous, one for each core: on two cores two such
/// tests keep the servers of all other tests from answering.
package struct OwnThread: SuiteTrait, TestTrait, TestScoping {
  package var isRecursive: Bool { true }

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let thread = ThreadExecutor()
    defer { thread.end() }
    try await withTaskExecutorPreference(thread) { try await function() }
  }
}

extension Trait where Self == OwnThread {
  package static var ownThread: Self { OwnThread() }
}

/// One thread that runs jobs in order.
private final class ThreadExecutor: TaskExecutor, @unchecked Sendable {
  private let state = NSCondition()
  private var jobs: [UnownedJob] = []
  private var hasEnded = false

  init() {
    Thread.detachNewThread { [self] in while let job = next() { run(job) } }
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLock {
      jobs.append(job)
      state.signal()
    }
  }

  /// The thread ends when nothing is left to do.
  func end() {
    state.withLock {
      hasEnded = true
      state.signal()
    }
  }

  private func run(_ job: UnownedJob) { job.runSynchronously(on: asUnownedTaskExecutor()) }

  private func next() -> UnownedJob? {
    state.withLock {
      while jobs.isEmpty {
        if hasEnded { return nil }
        state.wait()
      }
      return jobs.removeFirst()
    }
  }
}
