import Foundation

/// Calls into a plugin that may not come back. Each runs on a thread of its own; whoever asked
/// waits no longer than the limit, and a call that hangs delays nobody but its plugin.
package enum Deadline {
  /// How long create, enroll and start together may take.
  package static let startSeconds = 10.0
  /// How long the calls of a retired instance may take before it is reported. It is waited for all
  /// the same.
  package static let drainSeconds = 10.0

  private static let stackBytes = 8 << 20

  /// The result of `body`, or nil when it took longer; `late` then gets what comes of it in the end.
  static func run<T>(
    _ name: String, seconds: Double, late: @escaping @Sendable (T) -> Void,
    _ body: @escaping @Sendable () -> T
  ) -> T? {
    let box = Box<T>()
    detach(name) {
      if let tooLate = box.put(body()) { late(tooLate) }
      box.finished.signal()
    }
    _ = box.finished.wait(timeout: .now() + seconds)
    return box.take()
  }

  /// Runs `body` on a thread of its own.
  static func detach(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.name = name
    thread.stackSize = stackBytes
    thread.start()
  }

  /// Between the thread that works and the one that waits.
  private final class Box<T>: @unchecked Sendable {
    let finished = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var result: T?
    private var isAbandoned = false

    /// The result itself when nobody waits for it any more.
    func put(_ value: T) -> T? {
      lock.withLock {
        if isAbandoned { return value }
        result = value
        return nil
      }
    }

    func take() -> T? {
      lock.withLock {
        isAbandoned = result == nil
        return result
      }
    }
  }
}
