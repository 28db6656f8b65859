import Foundation
import Journal
import PluginRuntime
import Synchronization

/// Where whoever put an entry into the journal waits: for its durability, or, as a command does,
/// for the commit behind which it is answered. Any thread; the pipeline brings outcomes.
final class CommandDesk: JournalSink, @unchecked Sendable {
  /// Waiting at one time; more are refused.
  static let waitersMax = 1_024

  /// One that waits. Its own condition, so that a commit wakes nobody else.
  private final class Waiter: @unchecked Sendable {
    let condition = NSCondition()
    var isDurable: Bool?
    var outcome: CommandOutcome?
  }

  private let journal: Journal
  private let waiters = Mutex<[UInt64: Waiter]>([:])
  /// Outcomes that no commit covers yet. The pipeline's thread only.
  private var applied: [(ticket: UInt64, position: UInt64, outcome: CommandOutcome)] = []
  private var sink = 0

  init(journal: Journal) {
    self.journal = journal
    sink = journal.attach(self)
  }

  // MARK: Whoever waits

  /// Appends an entry and waits until it is durable; the reason when it is not kept.
  func append(_ make: (_ ticket: UInt64) -> EntryBuffer, timeout: Duration) -> String? {
    wait(make, until: Self.deadline(timeout)) { _, _ in nil }
  }

  /// Appends a command and waits for its commit. `nudge` is called again and again once it is
  /// durable, to bring the commit forward.
  func submit(
    _ make: (_ ticket: UInt64) -> EntryBuffer, timeout: Duration, nudge: () -> Void
  ) -> CommandOutcome {
    let deadline = Self.deadline(timeout)
    var outcome: CommandOutcome?
    let failure = wait(make, until: deadline) { waiter, _ in
      outcome = Self.settle(waiter, deadline, nudge)
      return nil
    }
    if let failure { return CommandOutcome(status: Status.failed, reason: failure) }
    return outcome
      ?? CommandOutcome(
        status: Status.timeout,
        reason: "not committed within \(timeout); it may still be applied, look before you repeat")
  }

  private func wait(
    _ make: (_ ticket: UInt64) -> EntryBuffer, until deadline: Date,
    _ behind: (Waiter, UInt64) -> String?
  ) -> String? {
    let waiter = Waiter()
    guard let ticket = register(waiter) else {
      return "\(Self.waitersMax) calls wait for the journal already; try again later"
    }
    defer { waiters.withLock { $0[ticket] = nil } }
    let answer = make(ticket).withBytes { journal.append($0, sink: sink, token: ticket) }
    guard answer == .queued else { return "the journal does not take it: \(answer.rawValue)" }
    waiter.condition.lock()
    while waiter.isDurable == nil, waiter.condition.wait(until: deadline) {}
    let isDurable = waiter.isDurable
    waiter.condition.unlock()
    switch isDurable {
    case true?: return behind(waiter, ticket)
    case false?: return "the disk did not take it; nothing of it remains"
    case nil: return "the disk did not answer in time; it may still be kept"
    }
  }

  /// A number that no earlier run has given: entries of those find nobody.
  private func register(_ waiter: Waiter) -> UInt64? {
    waiters.withLock { waiters in
      guard waiters.count < Self.waitersMax else { return nil }
      var ticket = UInt64.random(in: 1...UInt64.max)
      while waiters[ticket] != nil { ticket &+= 1 }
      waiters[ticket] = waiter
      return ticket
    }
  }

  private static func settle(
    _ waiter: Waiter, _ deadline: Date, _ nudge: () -> Void
  ) -> CommandOutcome? {
    while true {
      nudge()
      waiter.condition.lock()
      defer { waiter.condition.unlock() }
      if let outcome = waiter.outcome { return outcome }
      let pause = min(deadline, Date(timeIntervalSinceNow: 0.01))
      _ = waiter.condition.wait(until: pause)
      if let outcome = waiter.outcome { return outcome }
      if Date(timeIntervalSinceNow: 0) >= deadline { return nil }
    }
  }

  private static func deadline(_ timeout: Duration) -> Date {
    let (seconds, attoseconds) = timeout.components
    return Date(timeIntervalSinceNow: Double(seconds) + Double(attoseconds) * 1e-18)
  }

  // MARK: The journal's thread

  func completed(_ tokens: [UInt64], durable: Bool) {
    for token in tokens {
      guard let waiter = waiters.withLock({ $0[token] }) else { continue }
      waiter.condition.withLock {
        waiter.isDurable = durable
        waiter.condition.broadcast()
      }
    }
  }

  // MARK: The pipeline's thread

  /// A command was applied, or refused; nobody is told before the commit.
  func note(ticket: UInt64, position: UInt64, _ outcome: CommandOutcome) {
    guard waiters.withLock({ $0[ticket] != nil }) else { return }
    applied.append((ticket, position, outcome))
  }

  /// Everything up to `position` is committed.
  func settle(through position: UInt64) {
    guard !applied.isEmpty else { return }
    for (ticket, place, outcome) in applied where place <= position {
      guard let waiter = waiters.withLock({ $0[ticket] }) else { continue }
      waiter.condition.withLock {
        waiter.outcome = outcome
        waiter.condition.broadcast()
      }
    }
    applied.removeAll { $0.position <= position }
  }

  /// Everything that is not committed will be applied again.
  func reset() { applied.removeAll() }
}

/// The statuses of the contract that the host itself gives.
enum Status {
  static let ok: Int32 = 0
  static let failed: Int32 = -1
  static let invalid: Int32 = -2
  static let notFound: Int32 = -4
  static let limit: Int32 = -5
  static let denied: Int32 = -7
  static let gone: Int32 = -9
  static let timeout: Int32 = -10
}
