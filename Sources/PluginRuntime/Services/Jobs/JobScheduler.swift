import Foundation
import Logging
import Store

/// Runs the jobs of all plugins on a bounded pool of threads. Jobs are in the store before anybody
/// is told of them, and every try is kept before it begins, so that a job that ends the process
/// uses its tries up.
package final class JobScheduler: @unchecked Sendable {
  /// Jobs of one plugin that wait.
  package static let waitingMax = 10_000
  /// How long a finished job is kept.
  static let keptMs: Int64 = 7 * 86_400_000
  /// The key of the job that a schedule makes.
  static let scheduleKey = "@schedule"
  /// How often the store is tidied.
  private static let tidyEveryMs: Int64 = 3_600_000
  /// The longest a thread sleeps while nothing is due.
  private static let sleepMaxMs: Int64 = 60_000
  /// The pause before a job is tried again whose start could not be kept.
  private static let storeFailurePauseMs: Int64 = 10_000

  /// What the pool looks like at a moment.
  package struct Numbers: Sendable {
    package var waiting = 0
    package var running = 0
    /// Running beyond their timeout.
    package var overdue = 0
    /// Running so long beyond it that their plugin was given up.
    package var stuck = 0
    package var done = 0
    package var retried = 0
    package var failed = 0
  }

  struct KindKey: Hashable {
    let plugin: String
    let name: String
  }

  let store: Store
  let keyValues: KeyValues
  let clock: @Sendable () -> Int64
  let threads: Int
  let grace: Int64
  let log: Logger
  let condition = NSCondition()
  // Everything below only under the condition's lock.
  /// By generation, the newest last.
  var kinds: [KindKey: [JobKind]] = [:]
  var waiting: [UInt64: StoredJob] = [:]
  var running: [UInt64: JobRun] = [:]
  /// Whose instance runs a job.
  var owners: [UInt64: UInt64] = [:]
  /// Jobs that were found over their time, and those whose plugin was given up.
  var overdue: Set<UInt64> = []
  var givenUp: Set<UInt64> = []
  var giveUp: GiveUp?
  private var counts = Numbers()
  private(set) var isStopping = false
  private(set) var alive = 0
  /// Threads that were ever started, for their names.
  private var started = 0
  private var tidiedMs: Int64 = 0

  /// Reads what an earlier run left.
  package init(
    store: Store, keyValues: KeyValues, threads: Int, graceMs: Int64 = JobScheduler.graceMs,
    log: Logger, clock: @escaping @Sendable () -> Int64
  ) throws(StoreError) {
    self.store = store
    self.keyValues = keyValues
    self.threads = threads
    grace = graceMs
    self.log = log
    self.clock = clock
    for job in try store.unfinishedJobs() { waiting[job.id] = job }
  }

  package var numbers: Numbers {
    condition.withLock {
      var numbers = counts
      numbers.waiting = waiting.count
      numbers.running = running.count
      numbers.overdue = running.values.count(where: \.isOverdue)
      numbers.stuck = givenUp.count
      return numbers
    }
  }

  // MARK: The pool

  /// Begins to run what is due.
  package func start() {
    condition.withLock { for _ in 0..<threads { startThread() } }
    Thread.detachNewThread { self.watch() }
  }

  /// Under the condition's lock.
  func startThread() {
    let thread = Thread { self.work() }
    thread.name = "jobs-\(started)"
    thread.stackSize = 8 << 20
    started += 1
    alive += 1
    thread.start()
  }

  /// Tells running jobs to end and waits for them; false when some did not in time.
  @discardableResult
  package func stop(timeout: TimeInterval = 10) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    isStopping = true
    running.values.forEach { $0.interrupt() }
    condition.broadcast()
    let deadline = Date(timeIntervalSinceNow: timeout)
    while alive > 0, condition.wait(until: deadline) {}
    if alive > 0 {
      log.error("jobs did not end", metadata: ["running": "\(running.count)"])
    }
    return alive == 0
  }

  private func work() {
    ThreadName.set(Thread.current.name ?? "jobs")
    ThreadKind.become(.job)
    while let (kind, run) = next() {
      perform(kind, run)
      tidy()
    }
    condition.withLock {
      alive -= 1
      condition.broadcast()
    }
  }

  /// The job that goes first, once there is one; nil at the end.
  private func next() -> (JobKind, JobRun)? {
    condition.lock()
    defer { condition.unlock() }
    while !isStopping, alive <= threadsWanted {
      let now = clock()
      if let (kind, job) = choose(now) {
        waiting[job.id] = nil
        let run = JobRun(job, startedMs: now, deadlineMs: now + kind.timeoutMs, clock: clock)
        running[job.id] = run
        owners[job.id] = kind.owner
        // Whoever watches what runs sleeps while nothing does.
        if running.count == 1 { condition.broadcast() }
        return (kind, run)
      }
      let pause = Double(min(max(nextDueMs(now) - now, 1), Self.sleepMaxMs)) / 1_000
      _ = condition.wait(until: Date(timeIntervalSinceNow: pause))
    }
    return nil
  }

  private func choose(_ now: Int64) -> (JobKind, StoredJob)? {
    var best: (kind: JobKind, job: StoredJob)?
    for job in waiting.values where job.dueMs <= now {
      guard let kind = kinds[KindKey(plugin: job.plugin, name: job.name)]?.last, hasRoom(kind)
      else { continue }
      if let best, !Self.goesFirst(job, best.job) { continue }
      best = (kind, job)
    }
    return best.map { ($0.kind, $0.job) }
  }

  private func hasRoom(_ kind: JobKind) -> Bool {
    let count = running.values.count { $0.job.plugin == kind.plugin && $0.job.name == kind.name }
    return count < kind.parallelMax && !isBlocked(kind)
  }

  private static func goesFirst(_ a: StoredJob, _ b: StoredJob) -> Bool {
    if a.priority != b.priority { return a.priority > b.priority }
    return (a.dueMs, a.id) < (b.dueMs, b.id)
  }

  private func nextDueMs(_ now: Int64) -> Int64 {
    let future = waiting.values.lazy.map(\.dueMs).filter { $0 > now }
    return future.min() ?? now + Self.sleepMaxMs
  }

  // MARK: One try

  private func perform(_ kind: JobKind, _ run: JobRun) {
    var job = run.job
    guard job.attempt <= kind.retriesMax else {
      // Kept as begun and never as ended: the process ended with it.
      return settle(kind, run, job, reason: "its last try ended with the process")
    }
    job.state = .running
    job.attempt += 1
    job.permille = 0
    do { try store.update(job) } catch {
      log.error("a job cannot begin", metadata: ["job": "\(job.id)", "reason": "\(error)"])
      job = run.job
      job.dueMs = clock() + Self.storeFailurePauseMs
      return putBack(job)
    }
    let reason = kind.run(run)
    settle(kind, run, job, reason: reason)
  }

  private func settle(_ kind: JobKind, _ run: JobRun, _ begun: StoredJob, reason: String?) {
    var job = begun
    let now = clock()
    job.permille = run.permille
    job.error = reason ?? ""
    if now > run.deadlineMs, reason == nil {
      job.error = "ended \(now - run.deadlineMs) ms after its timeout"
    }
    if job.error.isEmpty {
      (job.state, job.permille) = (.done, 1_000)
    } else if run.wasTakenBack {
      job.state = .cancelled
    } else if run.wasInterrupted {
      // Not its own fault: the try does not count.
      (job.state, job.attempt, job.dueMs) = (.waiting, job.attempt - 1, now)
    } else if job.attempt > kind.retriesMax {
      job.state = .failed
    } else {
      (job.state, job.dueMs) = (.waiting, now + kind.pauseMs(afterAttempt: job.attempt))
    }
    keep(job, now)
    if job.state != .waiting, job.key == Self.scheduleKey { schedule(kind, after: now) }
  }

  private func keep(_ job: StoredJob, _ now: Int64) {
    do { try store.update(job, finishedMs: job.state == .waiting ? 0 : now) } catch {
      // Known as running: the next start tries it again.
      log.error("the end of a job cannot be kept", metadata: ["job": "\(job.id)"])
    }
    if job.state == .failed {
      var words = metadata(job)
      words["reason"] = "\(job.error)"
      log.warning("job failed", metadata: words)
    }
    condition.withLock {
      counts.done += job.state == .done ? 1 : 0
      counts.failed += job.state == .failed ? 1 : 0
      counts.retried += job.state == .waiting ? 1 : 0
    }
    putBack(job)
  }

  func metadata(_ job: StoredJob) -> Logger.Metadata {
    [
      "plugin": "\(job.plugin)", "job": "\(job.name)", "id": "\(job.id)",
      "attempts": "\(job.attempt)",
    ]
  }

  /// The try is over; a job that waits again is known again.
  private func putBack(_ job: StoredJob) {
    condition.withLock {
      running[job.id] = nil
      owners[job.id] = nil
      overdue.remove(job.id)
      givenUp.remove(job.id)
      if job.state == .waiting { waiting[job.id] = job }
      condition.broadcast()
    }
  }

  /// Makes the job of the next time; one that is there already stays.
  func schedule(_ kind: JobKind, after ms: Int64) {
    guard let schedule = kind.schedule else { return }
    let new = NewJob(
      plugin: kind.plugin, name: kind.name, key: Self.scheduleKey, dueMs: schedule.next(after: ms))
    do {
      guard case .made(let job) = try store.insert(new, waitingMax: Self.waitingMax) else { return }
      condition.withLock {
        waiting[job.id] = job
        condition.broadcast()
      }
    } catch {
      log.error(
        "a schedule cannot be kept",
        metadata: ["plugin": "\(kind.plugin)", "job": "\(kind.name)", "reason": "\(error)"])
    }
  }

  private func tidy() {
    let now = clock()
    let isDue = condition.withLock {
      guard now - tidiedMs > Self.tidyEveryMs else { return false }
      tidiedMs = now
      return true
    }
    guard isDue else { return }
    do {
      try store.forgetJobs(finishedBeforeMs: now - Self.keptMs)
      try keyValues.sweep(nowMs: now)
    } catch {
      log.warning("services cannot be tidied", metadata: ["reason": "\(error)"])
    }
  }
}
