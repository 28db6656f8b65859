import Store
import Synchronization

/// A kind of job as a plugin defined it.
package struct JobKind: Sendable {
  package var plugin: String
  package var name: String
  /// Which instance of the plugin runs it: of two generations the newer one does.
  package var owner: UInt64 = 0
  package var timeoutMs: Int64 = 300_000
  package var schedule: JobSchedule?
  package var parallelMax = 1
  package var retriesMax = 0
  package var backoffMs: Int64 = 10_000
  /// Runs one job on a thread of the pool; the reason when it failed.
  package var run: @Sendable (JobRun) -> String?

  /// The longest pause between two tries.
  static let backoffMaxMs: Int64 = 3_600_000

  package init(plugin: String, name: String, run: @escaping @Sendable (JobRun) -> String?) {
    self.plugin = plugin
    self.name = name
    self.run = run
  }

  /// The pause before the try after this one, doubled by each.
  func pauseMs(afterAttempt attempt: Int) -> Int64 {
    let doublings = min(max(attempt - 1, 0), 20)
    return min(backoffMs << Int64(doublings), Self.backoffMaxMs)
  }
}

/// One try of a job. Any thread.
package final class JobRun: Sendable {
  package let job: StoredJob
  package let startedMs: Int64
  package let deadlineMs: Int64
  private let clock: @Sendable () -> Int64
  private let isEnding = Atomic<Bool>(false)
  private let isTakenBack = Atomic<Bool>(false)
  private let done = Atomic<Int>(0)

  init(
    _ job: StoredJob, startedMs: Int64, deadlineMs: Int64, clock: @escaping @Sendable () -> Int64
  ) {
    self.job = job
    self.startedMs = startedMs
    self.deadlineMs = deadlineMs
    self.clock = clock
  }

  /// Whether the job should end: it was taken back, is over its time, or its plugin stops.
  package var isCancelled: Bool {
    isEnding.load(ordering: .relaxed) || isTakenBack.load(ordering: .relaxed) || isOverdue
  }

  var isOverdue: Bool { clock() > deadlineMs }

  /// Somebody took it back.
  var wasTakenBack: Bool { isTakenBack.load(ordering: .relaxed) }

  /// Its plugin stops.
  var wasInterrupted: Bool { isEnding.load(ordering: .relaxed) }

  /// Of 1 000.
  package var permille: Int {
    get { done.load(ordering: .relaxed) }
    set { done.store(min(max(newValue, 0), 1_000), ordering: .relaxed) }
  }

  func takeBack() { isTakenBack.store(true, ordering: .relaxed) }
  func interrupt() { isEnding.store(true, ordering: .relaxed) }
}
