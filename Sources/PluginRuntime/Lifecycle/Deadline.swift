import Foundation

/// Calls into a plugin that may not come back. Each runs on a thread of its own; whoever asked
/// waits no longer than the limit, and a call that hangs delays nobody but its plugin.
package enum Deadline {
  /// How long create, enroll and start together may take.
  package static let startSeconds = 10.0
  /// How long other changes wait for them.
  package static let patienceSeconds = 0.5
  /// How long settings_check and settings_apply may take.
  package static let settingsSeconds = 2.0
  /// How long the calls of a retired instance may take before it is reported. It is waited for all
  /// the same.
  package static let drainSeconds = 10.0

  private static let stackBytes = 8 << 20

  /// Begins `body`; `late` gets what comes of it in the end when the call was abandoned.
  static func begin<T>(
    _ name: String, late: @escaping @Sendable (T) -> Void, _ body: @escaping @Sendable () -> T
  ) -> Call<T> {
    let call = Call<T>()
    detach(name) {
      if let tooLate = call.put(body()) { late(tooLate) }
    }
    return call
  }

  /// Runs `body` on a thread of its own.
  static func detach(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.name = name
    thread.stackSize = stackBytes
    thread.start()
  }

  /// Between the thread that works and the one that waits.
  final class Call<T>: @unchecked Sendable {
    private let condition = NSCondition()
    private var result: T?
    private var isAbandoned = false

    /// The result itself when nobody waits for it any more.
    fileprivate func put(_ value: T) -> T? {
      condition.withLock {
        if isAbandoned { return value }
        result = value
        condition.broadcast()
        return nil
      }
    }

    /// The result, or nil when it took longer.
    func result(within seconds: Double) -> T? {
      let deadline = Date(timeIntervalSinceNow: seconds)
      return condition.withLock {
        while result == nil { if !condition.wait(until: deadline) { break } }
        return result
      }
    }

    /// As `result`, and from here on nobody waits for it.
    func end(within seconds: Double) -> T? {
      _ = result(within: seconds)
      return condition.withLock {
        isAbandoned = result == nil
        return result
      }
    }
  }
}
