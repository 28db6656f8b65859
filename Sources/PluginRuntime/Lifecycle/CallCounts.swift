import Synchronization

/// What became of the calls of one instance since it began: enough to tell whether new code is
/// worse than the old.
package final class CallCounts: Sendable {
  /// Failures of all calls, and how long those took that somebody waits for.
  package struct Reading: Equatable, Sendable {
    package var calls = 0
    package var errors = 0
    /// Calls of hooks with batches.
    package var hooks = Durations()
    /// Answers.
    package var reads = Durations()

    package init() {}
  }

  /// How long calls of one kind took.
  package struct Durations: Equatable, Sendable {
    package var calls = 0
    package var p99: UInt64 = 0

    package init() {}
  }

  private let all = Atomic<Int>(0)
  private let failed = Atomic<Int>(0)
  private let refused = Atomic<Int>(0)
  private let hooks = Histogram()
  private let reads = Histogram()

  @inline(__always)
  func add(failed isFailure: Bool) {
    all.wrappingAdd(1, ordering: .relaxed)
    if isFailure { failed.wrappingAdd(1, ordering: .relaxed) }
  }

  /// A hook had a batch for so many nanoseconds. The pipeline's thread.
  @inline(__always)
  func addHook(_ time: UInt64) { hooks.recordAlone(time) }

  /// A question was answered in so many nanoseconds. Any thread.
  func addRead(_ time: UInt64) { reads.record(time) }

  /// An intake hook refused a request.
  func addRefusal() { refused.wrappingAdd(1, ordering: .relaxed) }

  /// Requests its intake hooks refused.
  package var refusals: Int { refused.load(ordering: .relaxed) }

  package var reading: Reading {
    var reading = Reading()
    reading.calls = all.load(ordering: .relaxed)
    reading.errors = failed.load(ordering: .relaxed)
    reading.hooks = hooks.durations
    reading.reads = reads.durations
    return reading
  }
}

extension Histogram {
  fileprivate var durations: CallCounts.Durations {
    var durations = CallCounts.Durations()
    durations.calls = count
    durations.p99 = quantiles([0.99])[0]
    return durations
  }
}
