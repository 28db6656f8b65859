import Foundation

/// A short pause of the pipeline that anybody who waits for it may cut. Under load it lets entries
/// come together, so that they share a wake and the fixed costs of a batch.
final class Nap: Sendable {
  /// How long entries may come together when nobody waits.
  static let duration: TimeInterval = 0.012

  private let condition = NSCondition()
  private nonisolated(unsafe) var isCut = false

  /// Returns after the pause, or at once when it is or was cut since the last one.
  func take() {
    condition.lock()
    defer { condition.unlock() }
    if !isCut { _ = condition.wait(until: Date(timeIntervalSinceNow: Self.duration)) }
    isCut = false
  }

  /// Ends the pause, or the next one. Any thread.
  func cut() {
    condition.withLock {
      isCut = true
      condition.signal()
    }
  }
}
