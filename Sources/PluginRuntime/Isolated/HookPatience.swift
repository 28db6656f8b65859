import Foundation

/// Tells a hook that computes without end from one that waits for a processor: a runner is nice, and
/// a busy machine may leave it waiting for longer than any loop is worth.
struct HookPatience {
  /// How often it is looked at; a call that ends before costs nothing.
  static let pulse = Duration.milliseconds(20)
  /// When it is looked at first.
  static let firstPulse = Duration.milliseconds(2)

  private let process: Int32
  private let thread: Int32
  private let most: Duration
  private var first: Duration?
  private var hasComputed = false

  /// `thread` is the one that runs the hook.
  init(_ process: Int32, thread: Int32, _ most: Duration) {
    self.process = process
    self.thread = thread
    self.most = most
  }

  /// Whether it has computed for too long since the first time this was asked.
  mutating func isOver() -> Bool {
    guard let now = computed else { return false }
    guard let first else {
      first = now
      return false
    }
    hasComputed = now - first >= most
    return hasComputed
  }

  /// Why the call was ended.
  func reason(deadline: Duration) -> String {
    hasComputed
      ? "computed for over \(most.milliseconds) ms; its runner was ended"
      : "did not answer within \(deadline.milliseconds) ms; its runner was ended"
  }

  private var computed: Duration? {
    let file = "/proc/\(process)/task/\(thread)/schedstat"
    guard let text = try? String(contentsOfFile: file, encoding: .utf8),
      let nanoseconds = text.split(separator: " ").first.flatMap({ Int64($0) })
    else { return nil }
    return .nanoseconds(nanoseconds)
  }
}
