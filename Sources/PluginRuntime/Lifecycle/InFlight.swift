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
