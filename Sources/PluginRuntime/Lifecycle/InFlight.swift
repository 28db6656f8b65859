import Synchronization

/// How many calls of one instance run at this moment. Draining is proved by it: nothing of an
/// instance is stopped or destroyed while it is not zero.
final class InFlight: Sendable {
  private let calls = Atomic<Int>(0)

  /// A call begins. Comes before the instance can be retired, that is under the lock that guards
  /// what is published.
  @inline(__always)
  func enter() { calls.wrappingAdd(1, ordering: .acquiringAndReleasing) }

  @inline(__always)
  func leave() {
    let left = calls.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
    precondition(left >= 0, "a call ends that did not begin")
  }

  var count: Int { calls.load(ordering: .acquiring) }
}

/// What became of the calls of one instance since it began: enough to tell whether new code is
/// worse than the old.
package final class CallCounts: Sendable {
  private let all = Atomic<Int>(0)
  private let failed = Atomic<Int>(0)

  @inline(__always)
  func add(failed isFailure: Bool) {
    all.wrappingAdd(1, ordering: .relaxed)
    if isFailure { failed.wrappingAdd(1, ordering: .relaxed) }
  }

  private let refused = Atomic<Int>(0)

  /// An intake hook refused a request.
  func addRefusal() { refused.wrappingAdd(1, ordering: .relaxed) }

  /// Requests its intake hooks refused.
  package var refusals: Int { refused.load(ordering: .relaxed) }

  package var current: (calls: Int, errors: Int) {
    (all.load(ordering: .relaxed), failed.load(ordering: .relaxed))
  }
}
