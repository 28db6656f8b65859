import Foundation

/// Between threads that have requests judged and the one that speaks with the runner about them:
/// whoever asks waits until its deadline; the runner may take longer, and everybody else is then told
/// at once that it is late.
final class IntakeGate: @unchecked Sendable {
  /// What asking came to.
  enum Outcome {
    /// One for each request.
    case said([IntakeSaid])
    /// Not within the deadline.
    case late
    case failed(String)
  }

  /// Messages that wait for the runner; there is one for each event loop at most.
  static let waitingMax = 256

  private final class Case: @unchecked Sendable {
    let deadline: ContinuousClock.Instant
    let perform: () -> Outcome
    let done = DispatchSemaphore(value: 0)
    /// Guarded by the gate's lock.
    var outcome: Outcome?

    init(_ deadline: ContinuousClock.Instant, _ perform: @escaping () -> Outcome) {
      self.deadline = deadline
      self.perform = perform
    }
  }

  private let name: String
  private let lock = NSLock()
  private let arrived = DispatchSemaphore(value: 0)
  private var waiting: [Case] = []
  private var current: Case?
  private var hasThread = false
  private var isClosed = false

  init(plugin: String) {
    name = "intake " + plugin.prefix(8)
  }

  /// Has the gate's thread run `perform`; what it came to, or `late`.
  func run(
    until deadline: ContinuousClock.Instant, _ perform: @escaping () -> Outcome
  ) -> Outcome {
    let one = Case(deadline, perform)
    guard admit(one) else { return .late }
    arrived.signal()
    _ = one.done.wait(timeout: .now() + max(0, ContinuousClock.now.duration(to: deadline).seconds))
    return lock.withLock { one.outcome ?? .late }
  }

  /// False when the runner is late with something else already.
  private func admit(_ one: Case) -> Bool {
    lock.withLock {
      let now = ContinuousClock.now
      guard !isClosed, waiting.count < Self.waitingMax, one.deadline > now,
        current.map({ $0.deadline > now }) ?? true
      else { return false }
      waiting.append(one)
      if !hasThread {
        hasThread = true
        Deadline.detach(name) { [self] in work() }
      }
      return true
    }
  }

  private func work() {
    while true {
      arrived.wait()
      let one = lock.withLock { () -> Case? in
        guard !isClosed, !waiting.isEmpty else { return nil }
        current = waiting.removeFirst()
        return current
      }
      guard let one else { return }
      // Nobody waits for one that is late already.
      let outcome = one.deadline > .now ? one.perform() : .late
      lock.withLock {
        one.outcome = outcome
        current = nil
      }
      one.done.signal()
    }
  }

  /// Nothing is asked any more; the thread ends.
  func close() {
    lock.withLock { isClosed = true }
    arrived.signal()
  }
}
