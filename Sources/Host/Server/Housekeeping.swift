import Foundation
import Logging

/// What the host does by itself: once an hour, and at once when management asks for it, one job
/// after the other on a thread of their own. It remembers what became of the last times.
final class Housekeeping: @unchecked Sendable {
  /// From the end of a round to the next.
  static let pauseSeconds = 3_600.0
  /// Times of one job that are remembered.
  static let runsMax = 24

  struct Job: Sendable {
    let name: String
    /// Answers how much there was to do.
    let run: @Sendable () throws -> Int
  }

  /// One time a job was done.
  struct Run: Equatable, Sendable {
    /// The first since the start is 1.
    let number: Int
    let startedMs: Int64
    /// 0: it goes on.
    var finishedMs: Int64 = 0
    var done = 0
    /// Empty: it did what it should.
    var error = ""
  }

  /// What is remembered of a job, the newest time first.
  struct Record: Sendable {
    let name: String
    fileprivate(set) var runs: [Run] = []
    fileprivate(set) var nextMs: Int64
  }

  private let jobs: [Job]
  private let clock: Clock
  private let log: Logger
  private let condition = NSCondition()
  // Under the condition's lock.
  private var kept: [Record]
  private var isRunning = false
  private var isStopping = false
  private var isWoken = false

  init(_ jobs: [Job], clock: Clock = .system, log: Logger) {
    (self.jobs, self.clock, self.log) = (jobs, clock, log)
    kept = jobs.map { Record(name: $0.name, nextMs: clock.nowMs) }
  }

  var records: [Record] { condition.withLock { kept } }

  func start() {
    isRunning = true
    Thread.start(name: "housekeeping") { self.run() }
  }

  /// Has it begin a round at once.
  func wake() {
    condition.withLock {
      isWoken = true
      condition.broadcast()
    }
  }

  /// Waits for the job that is being done.
  func stop() {
    condition.lock()
    isStopping = true
    condition.broadcast()
    while isRunning { condition.wait() }
    condition.unlock()
  }

  private func run() {
    condition.lock()
    while !isStopping {
      isWoken = false
      for place in jobs.indices where !isStopping { perform(place) }
      let next = Date(timeIntervalSinceNow: Self.pauseSeconds)
      for place in kept.indices {
        kept[place].nextMs = clock.nowMs + Int64(Self.pauseSeconds * 1_000)
      }
      while !isStopping, !isWoken, condition.wait(until: next) {}
    }
    isRunning = false
    condition.broadcast()
    condition.unlock()
  }

  /// Does one job, with the lock given back meanwhile.
  private func perform(_ place: Int) {
    let number = (kept[place].runs.first?.number ?? 0) + 1
    kept[place].runs.insert(Run(number: number, startedMs: clock.nowMs), at: 0)
    kept[place].runs = Array(kept[place].runs.prefix(Self.runsMax))
    condition.unlock()
    let outcome = Result { try jobs[place].run() }
    condition.lock()
    kept[place].runs[0].finishedMs = clock.nowMs
    switch outcome {
    case .success(let done): kept[place].runs[0].done = done
    case .failure(let error):
      kept[place].runs[0].error = "\(error)"
      log.error(
        "housekeeping failed", metadata: ["job": "\(jobs[place].name)", "error": "\(error)"])
    }
  }
}
