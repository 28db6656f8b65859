import Foundation
import Logging
import PluginRuntime
import Synchronization

/// Tells one plugin what was committed, on a thread of its own: whoever is slow or fails keeps
/// nobody up but itself. What it has heard of is remembered by position; behind a restart or a
/// fault it goes on from there, so that everything arrives at least once.
final class CommittedLane: @unchecked Sendable {
  /// The waits between two attempts at what a plugin cannot take.
  static let pauseSecondsMin = 0.25
  static let pauseSecondsMax = 60.0

  let number: Int
  let plugin: String
  private let batches: CommittedBatches
  private let log: Logger
  private let heard: Atomic<UInt64>
  private let condition = NSCondition()
  private var hooks: CommittedHooks?
  private var committed: UInt64
  /// Grows with every change of them.
  private var generation = 0
  private var stopping = false
  private var stopped = false
  /// Up to here something may have been delivered before.
  private var againThrough: UInt64

  /// `position` is the last one the plugin has heard of, `committed` the last one there is.
  init(
    _ hooks: CommittedHooks, after position: UInt64, committed: UInt64, batches: CommittedBatches,
    log: Logger
  ) {
    number = hooks.number
    plugin = hooks.plugin
    self.hooks = hooks
    self.batches = batches
    self.log = log
    self.committed = committed
    againThrough = committed
    heard = Atomic(position)
    Thread.start(name: "committed") { self.run() }
  }

  /// The last position the plugin has heard of.
  var position: UInt64 { heard.load(ordering: .acquiring) }

  /// Changes whose hooks are called; nil for nobody's, until there are some again.
  func use(_ hooks: CommittedHooks?) {
    condition.withLock {
      self.hooks = hooks
      generation += 1
      condition.broadcast()
    }
  }

  /// There is more to tell.
  func advance(to position: UInt64) {
    condition.withLock {
      committed = position
      condition.broadcast()
    }
  }

  /// Begins nothing more behind the call that runs.
  func end() {
    condition.withLock {
      stopping = true
      condition.broadcast()
    }
  }

  /// Waits for that call. One that takes longer is left to itself: what it is told of now, it is
  /// told of again at the next start.
  func hasEnded(by deadline: Date) -> Bool {
    condition.withLock {
      while !stopped { if !condition.wait(until: deadline) { break } }
      return stopped
    }
  }

  private func run() {
    var failures = 0
    while let (hooks, end) = next() {
      let reason = step(hooks, through: end)
      hooks.leave()
      guard let reason else {
        failures = 0
        continue
      }
      failures += 1
      if failures == 1 {
        log.error(
          "a committed hook failed; it is told again",
          metadata: ["plugin": "\(plugin)", "reason": "\(reason)", "behind": "\(position)"])
      }
      pause(min(Self.pauseSecondsMax, Self.pauseSecondsMin * pow(2, Double(failures - 1))))
    }
    condition.withLock {
      stopped = true
      condition.broadcast()
    }
  }

  /// What is to be told to whom, entered; nil at the end.
  private func next() -> (CommittedHooks, UInt64)? {
    condition.lock()
    defer { condition.unlock() }
    while !stopping {
      if let hooks, committed > position {
        hooks.enter()
        return (hooks, committed)
      }
      condition.wait()
    }
    return nil
  }

  private func step(_ hooks: CommittedHooks, through end: UInt64) -> String? {
    do {
      let next = try batches.next(after: position, through: end)
      if let batch = next.batch {
        let isAgain = next.positions.lowerBound <= againThrough
        let reason = hooks.deliver(
          batch, batches.facts, next.positions, isAgain: isAgain,
          contains: batches.builder.contains)
        if let reason {
          againThrough = max(againThrough, next.positions.upperBound)
          return reason
        }
      }
      heard.store(next.positions.upperBound, ordering: .releasing)
      return nil
    } catch { return "raw rows cannot be read: \(error)" }
  }

  /// Other code is tried at once.
  private func pause(_ seconds: Double) {
    let deadline = Date(timeIntervalSinceNow: seconds)
    condition.lock()
    let before = generation
    while !stopping, generation == before, condition.wait(until: deadline) {}
    condition.unlock()
  }
}
