import Synchronization

/// How many requests one address may make in a window of time. Every address has the same windows,
/// so that nothing is kept of those that are over.
final class RateLimit: Sendable {
  /// Of which nobody may make more.
  struct Rule: Equatable, Sendable {
    let windowSeconds: Int64
    let requests: Int64

    /// Nil where one of the two says that there is no limit.
    init?(windowSeconds: Int64, requests: Int64) {
      guard windowSeconds > 0, requests > 0 else { return nil }
      (self.windowSeconds, self.requests) = (windowSeconds, requests)
    }
  }

  /// Addresses that are counted in one window; further ones are admitted, and counted below.
  static let addressesMax = 10_000

  let refused = Metrics.Counter()
  /// Requests of addresses that were too many to be counted.
  let uncounted = Metrics.Counter()
  private let state = Mutex(State())

  private struct State {
    var window: Int64 = 0
    var requests: [ClientAddress: Int64] = [:]
  }

  /// Nil, or the seconds after which the address may ask again. Of IPv6 its network is counted: who
  /// has one address there has many.
  func wait(_ address: ClientAddress, _ rule: Rule, nowS: Int64) -> Int64? {
    let counted = address.isFour ? address : address.truncated
    let window = nowS / rule.windowSeconds
    let count = state.withLock { state -> Int64? in
      if state.window != window {
        state.window = window
        state.requests.removeAll(keepingCapacity: true)
      }
      guard state.requests[counted] != nil || state.requests.count < Self.addressesMax else {
        return nil
      }
      state.requests[counted, default: 0] += 1
      return state.requests[counted]
    }
    guard let count else {
      uncounted.add()
      return nil
    }
    guard count > rule.requests else { return nil }
    refused.add()
    return (window + 1) * rule.windowSeconds - nowS
  }
}
