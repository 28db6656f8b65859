import Foundation

/// The one place that asks the machine for the time.
struct Clock: Sendable {
  static let system = Clock { Int64((Date().timeIntervalSince1970 * 1_000).rounded(.down)) }

  /// Seconds that only grow, for what lasts.
  static var monotonicSeconds: Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
  }

  /// A clock that stands where it is put, for tests.
  static func fixed(_ ms: Int64) -> Clock { Clock { ms } }

  private let read: @Sendable () -> Int64

  private init(_ read: @escaping @Sendable () -> Int64) {
    self.read = read
  }

  /// Unix milliseconds.
  var nowMs: Int64 { read() }
}
