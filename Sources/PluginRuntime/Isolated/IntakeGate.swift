import Foundation

/// Between threads that have requests judged and the one that speaks with the runner about them:
/// whoever asks waits until its deadline. The runner may take longer; everybody else is then told at
/// once that it is late, also who waits already.
final class IntakeGate: @unchecked Sendable {
  /// What asking came to.
  enum Outcome {
    /// One for each request.
    case said([IntakeSaid])
    /// Not within the deadline, or nobody waits for the plugin.
    case late
    case failed(String)
  }

  /// Messages that wait for the runner; there is one for each event loop at most.
  static let waitingMax = 256

  private final class Case: @unchecked Sendable {
    let deadline: ContinuousClock.Instant
    let perform: () -> Outcome
    let begun = ContinuousClock.now
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
  private var trust: IntakeTrust
  private var waiting: [Case] = []
  private var current: Case?
  private var hasThread = false
  private var isClosed = false

  /// `window` is the longest that a request waits.
  init(plugin: String, window: Duration) {
    name = "intake " + plugin.prefix(8)
    trust = IntakeTrust(window: window, at: .now)
  }

  /// Has the gate's thread run `perform`; what it came to, or `late`. `isRunning` says whether there
  /// is a runner to be asked.
  func run(
    until deadline: ContinuousClock.Instant, isRunning: Bool,
    _ perform: @escaping () -> Outcome
  ) -> Outcome {
    let one = Case(deadline, perform)
    let admission = admit(one, isRunning: isRunning)
    if admission != .pass { arrived.signal() }
    guard admission == .wait else { return .late }
    _ = one.done.wait(timeout: .now() + max(0, ContinuousClock.now.duration(to: deadline).seconds))
    return lock.withLock { one.outcome ?? overrun(by: one) }
  }

  private func admit(_ one: Case, isRunning: Bool) -> IntakeTrust.Admission {
    lock.withLock {
      let now = ContinuousClock.now
      guard !isClosed, waiting.count < Self.waitingMax, one.deadline > now else { return .pass }
      let isIdle = current == nil && waiting.isEmpty
      let admission = trust.admit(at: now, isIdle: isIdle, isRunning: isRunning)
      guard admission != .pass else { return .pass }
      waiting.append(one)
      if !hasThread {
        hasThread = true
        Deadline.detach(name) { [self] in work() }
      }
      return admission
    }
  }

  /// One waited in vain: nobody else does. Called with the lock held.
  private func overrun(by one: Case) -> Outcome {
    let now = ContinuousClock.now
    trust.overran(at: now, waited: one.begun.duration(to: now))
    for other in waiting + [current].compactMap({ $0 }) where other !== one {
      other.outcome = .late
      other.done.signal()
    }
    waiting.removeAll()
    return .late
  }

  private func work() {
    while true {
      arrived.wait()
      let (one, isOver) = lock.withLock { () -> (Case?, Bool) in
        current = isClosed || waiting.isEmpty ? nil : waiting.removeFirst()
        return (current, isClosed)
      }
      if isOver { return }
      guard let one else { continue }
      let begun = ContinuousClock.now
      let outcome = one.perform()
      lock.withLock {
        trust.returned(after: .now - begun)
        if one.outcome == nil { one.outcome = outcome }
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
