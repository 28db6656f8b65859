import Foundation

/// Jobs over their time. A thread cannot be ended from outside, so a job is told, kept apart from
/// everybody else, and at last its plugin is given up.
extension JobScheduler {
  /// How long a job may go on behind its time before its plugin is given up.
  package static let graceMs: Int64 = 60_000
  /// Threads that stand in for those whose jobs are over their time; from there on others wait.
  static let sparesMax = 16
  /// How often running jobs are looked at.
  private static let lookSeconds = 0.25

  /// Told of a plugin, and why it is given up; on a thread of its own.
  package typealias GiveUp = @Sendable (_ plugin: String, _ reason: String) -> Void

  /// Whom to tell when a job does not end.
  package func connect(_ giveUp: @escaping GiveUp) {
    condition.withLock { self.giveUp = giveUp }
  }

  /// Jobs of a plugin that run and are over their time.
  package func overdue(of plugin: String) -> Int {
    condition.withLock { running.values.count { $0.isOverdue && $0.job.plugin == plugin } }
  }

  /// Looks at what runs until the end; a thread of its own, because those of the pool may all be
  /// taken.
  func watch() {
    ThreadName.set("jobs-watch")
    condition.lock()
    defer { condition.unlock() }
    while !isStopping {
      let now = clock()
      let late = running.values.filter { $0.isOverdue && overdue.insert($0.job.id).inserted }
      let stuck = running.values.filter {
        now > $0.deadlineMs + grace && givenUp.insert($0.job.id).inserted
      }
      let giveUp = giveUp
      while alive < threadsWanted { startThread() }
      condition.unlock()
      late.forEach(report)
      for run in stuck { report(stuck: run, giveUp) }
      condition.lock()
      if running.isEmpty {
        condition.wait()
      } else {
        _ = condition.wait(until: Date(timeIntervalSinceNow: Self.lookSeconds))
      }
    }
  }

  /// A thread whose job is over its time is replaced, so that nobody waits for it.
  var threadsWanted: Int { threads + min(overdue.count, Self.sparesMax) }

  /// Whether a job of that kind is over its time: until it ends none begins beside it.
  func isBlocked(_ kind: JobKind) -> Bool {
    !overdue.isEmpty
      && running.values.contains {
        $0.job.plugin == kind.plugin && $0.job.name == kind.name && overdue.contains($0.job.id)
      }
  }

  private func report(_ run: JobRun) {
    log.warning("job over its time: it is told to end", metadata: metadata(run.job))
  }

  private func report(stuck run: JobRun, _ giveUp: GiveUp?) {
    let seconds = (run.deadlineMs + grace - run.startedMs) / 1_000
    let reason = "its job \(run.job.name) (\(run.job.id)) has not ended within \(seconds) s"
    log.error("job does not end: its plugin is given up", metadata: metadata(run.job))
    guard let giveUp else { return }
    let plugin = run.job.plugin
    Thread.detachNewThread { giveUp(plugin, reason) }
  }
}
