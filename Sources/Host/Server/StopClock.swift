import Foundation
import Logging
import Synchronization

/// What a stop may take, whatever plugins, clients and the disk do. Nothing is lost where it is cut
/// short: what was answered is synced, what was not counted is counted at the next start, and
/// committed hooks hear then what they had not heard of.
final class StopClock: Sendable {
  /// The parts of a stop, and until when they may take, in seconds since it began.
  enum Step: Double, Sendable {
    /// Requests that are under way are answered.
    case answers = 2
    /// Commands of the operator and changes of plugins end.
    case changes = 2.25
    /// Jobs end.
    case jobs = 2.75
    /// What the journal holds is counted.
    case counting = 3.25
    /// Committed hooks return.
    case committed = 3.75
    /// The process ends, whatever still runs in it.
    case end = 4.5
  }

  private let began = Clock.monotonicSeconds
  private let current = Mutex(Step.answers)
  private let left = Atomic<Bool>(false)
  private let log: Logger

  init(log: Logger) {
    self.log = log
  }

  /// Says what the stop is at.
  func enter(_ step: Step) { current.withLock { $0 = step } }

  /// Seconds left for a step.
  func remaining(_ step: Step) -> Double {
    max(0, began + step.rawValue - Clock.monotonicSeconds)
  }

  func isOver(_ step: Step) -> Bool { remaining(step) == 0 }

  /// Something did not end in time and is not waited for any longer.
  func leave(_ what: String) {
    left.store(true, ordering: .releasing)
    log.error("the stop does not wait any longer", metadata: ["for": "\(what)"])
  }

  /// Whether something of this process still runs that nobody waits for.
  var hasLeft: Bool { left.load(ordering: .acquiring) }

  /// From here on the process ends when the time of the last step is over.
  func enforce() {
    Thread.start(name: "stop") { [self] in
      Thread.sleep(forTimeInterval: remaining(.end))
      leave("\(current.withLock { $0 })")
      Self.endProcess()
    }
  }

  /// Ends the process without running anything more in it: plugins' code stays mapped, and where it
  /// hangs while it is loaded, the C library's own end would wait for it.
  static func endProcess() -> Never { _exit(0) }
}
