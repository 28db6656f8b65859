import Foundation
import Logging
import Store
import TestThreads
import Testing

import enum Harness.Patience

@testable import Host
@testable import PluginRuntime

@Suite(.serialized, .ownThread) struct JobTests {
  private func ask(_ stand: Stand, _ parameters: [String: String]) -> String {
    stand.ask(parameters.merging(["method": "worker"]) { given, _ in given }).body
      .replacing("\"", with: "")
  }

  private func order(
    _ stand: Stand, _ job: String, _ value: String = "", key: String = "", priority: Int = 0,
    delay: Int = 0
  ) -> String {
    ask(
      stand,
      [
        "do": "order", "job": job, "value": value, "key": key, "priority": "\(priority)",
        "delay": "\(delay)",
      ])
  }

  /// Waits until a job's status begins so.
  private func wait(_ stand: Stand, _ id: String, for state: String) -> String {
    var status = ""
    _ = Patience.wait {
      status = ask(stand, ["do": "status", "key": id])
      return status.hasPrefix(state)
    }
    return status
  }

  private func ran(_ name: String) -> [String] {
    WorkerPlugin.ran.withLock { $0.filter { $0.hasPrefix(name) } }
  }

  @Test("A job runs behind the answer, with what it was given, and its end is known")
  func runs() throws {
    let stand = try Stand(worker)
    let id = order(stand, "quick", "runs")
    #expect(wait(stand, id, for: "done") == "done 1 1000")
    #expect(ran("quick runs").count == 1)
    #expect(ask(stand, ["do": "status", "key": "999999"]) == "unknown")
  }

  @Test("A job may send commands")
  func commands() throws {
    let stand = try Stand(worker)
    #expect(wait(stand, order(stand, "counts"), for: "done") == "done 1 1000")
  }

  @Test("A job that fails is tried again after its pause, then kept as failed")
  func retries() throws {
    let stand = try Stand(worker)
    let begun = Date(timeIntervalSinceNow: 0)
    let id = order(stand, "fails", "retries")
    #expect(wait(stand, id, for: "failed") == "failed 3 0")
    // One second before the second try, two before the third.
    #expect(Date(timeIntervalSinceNow: 0).timeIntervalSince(begun) >= 3)
    #expect(ran("fails retries").count == 3)
    let kept = try stand.core.store.job(UInt64(id) ?? 0, plugin: "worker")
    #expect(kept?.error == "status -1: try 3 of retries")
    let numbers = stand.core.services.jobs.numbers
    #expect((numbers.failed, numbers.retried) == (1, 2))
  }

  @Test("A job that is over its time is told to end, and failed")
  func timeout() throws {
    let stand = try Stand(worker)
    let id = order(stand, "slow", "timeout")
    #expect(wait(stand, id, for: "running 1 500") == "running 1 500")
    #expect(wait(stand, id, for: "failed") == "failed 1 500")
  }

  @Test("Jobs that do not end starve nobody, and at last their plugin is quarantined")
  func stuck() throws {
    let stand = try Stand(
      worker,
      configure: {
        $0.limits.jobThreads = 2
        $0.limits.jobGraceSeconds = 3
      })
    WorkerPlugin.isReleased.withLock { $0 = false }
    defer { WorkerPlugin.isReleased.withLock { $0 = true } }
    // All threads there are.
    for place in ["1", "2"] { _ = order(stand, "stubborn", place) }
    let quick = order(stand, "quick", "beside")
    _ = order(stand, "stubborn", "3", delay: 2)
    #expect(wait(stand, quick, for: "done") == "done 1 1000")
    #expect(stand.core.services.jobs.overdue(of: "worker") == 2)
    let state = { stand.core.lifecycle.statuses.first { $0.name == "worker" } }
    let deadline = Date(timeIntervalSinceNow: 10)
    while state()?.state != .quarantined, Date(timeIntervalSinceNow: 0) < deadline {
      usleep(20_000)
    }
    #expect(state()?.state == .quarantined)
    #expect(state()?.reason?.hasPrefix("its job stubborn (") == true, "\(state() as Any)")
    #expect(state()?.reason?.hasSuffix(" has not ended within 4 s") == true)
    #expect(ran("stubborn 3").isEmpty)
  }

  @Test("A plugin that requests wait for stays when its job does not end, and goes on when it does")
  func stuckWhileHolding() throws {
    WorkerPlugin.transforms.withLock { $0 = true }
    defer { WorkerPlugin.transforms.withLock { $0 = false } }
    WorkerPlugin.isReleased.withLock { $0 = false }
    defer { WorkerPlugin.isReleased.withLock { $0 = true } }
    let stand = try Stand(
      worker,
      configure: {
        $0.limits.jobThreads = 1
        $0.limits.jobGraceSeconds = 1
      })
    let jobs = stand.core.services.jobs
    let first = order(stand, "stubborn", "holding")
    let second = order(stand, "stubborn", "behind", delay: 2)
    #expect(Patience.wait { jobs.numbers.stuck == 1 })
    // What follows is done by a thread of its own, at once.
    usleep(500_000)
    let state = { stand.core.lifecycle.statuses.first { $0.name == "worker" } }
    #expect(state()?.state == .running, "\(state() as Any)")
    try stand.send(#"{"taps":"a"}"#)
    #expect(stand.core.pipeline.isHeld == false)
    #expect(wait(stand, order(stand, "quick", "beside it"), for: "done") == "done 1 1000")
    #expect(ran("stubborn behind").isEmpty)
    WorkerPlugin.isReleased.withLock { $0 = true }
    #expect(wait(stand, second, for: "done") == "done 1 1000")
    #expect(wait(stand, first, for: "failed") == "failed 1 0")
    #expect(jobs.numbers.stuck == 0)
    #expect(state()?.state == .running)
  }

  @Test("A job whose last try ended with the process is failed, not begun again")
  func usedUp() throws {
    let stand = try Stand(worker)
    let id = order(stand, "quick", "used-up", delay: 3_600)
    var job = try #require(try stand.core.store.job(UInt64(id) ?? 0, plugin: "worker"))
    (job.state, job.attempt, job.dueMs) = (.running, 1, 0)
    try stand.core.store.update(job)
    try stand.restart()
    #expect(wait(stand, id, for: "failed") == "failed 1 0")
    let kept = try stand.core.store.job(UInt64(id) ?? 0, plugin: "worker")
    #expect(kept?.error == "its last try ended with the process")
    #expect(ran("quick used-up").isEmpty)
  }

  @Test("A job is cancelled while it waits, and while it runs")
  func cancels() throws {
    let stand = try Stand(worker)
    let later = order(stand, "quick", "never", delay: 3_600)
    #expect(ask(stand, ["do": "cancel", "key": later]) == "told")
    #expect(wait(stand, later, for: "cancelled") == "cancelled 0 0")
    let slow = order(stand, "slow", "cancels")
    #expect(wait(stand, slow, for: "running 1 500") == "running 1 500")
    #expect(ask(stand, ["do": "cancel", "key": slow]) == "told")
    #expect(wait(stand, slow, for: "cancelled") == "cancelled 1 500")
    #expect(
      ask(stand, ["do": "cancel", "key": "424242"])
        == "notFound: tally.jobs.cancel: worker has no job 424242")
    #expect(ran("quick never").isEmpty)
  }

  @Test("A job with a key is ordered once at a time")
  func keys() throws {
    let stand = try Stand(worker)
    let id = order(stand, "quick", "once", key: "k", delay: 1)
    #expect(
      order(stand, "quick", "twice", key: "k")
        == "conflict: tally.jobs.enqueue: a job quick with the key k waits or runs already")
    #expect(wait(stand, id, for: "done") == "done 1 1000")
    #expect(wait(stand, order(stand, "quick", "again", key: "k"), for: "done") == "done 1 1000")
  }

  @Test("What waited, and what ran, when the server ended goes on after it starts again")
  func restart() throws {
    let stand = try Stand(worker)
    let waits = order(stand, "quick", "restart", delay: 1)
    let runs = order(stand, "slow", "restart")
    #expect(wait(stand, runs, for: "running 1 500") == "running 1 500")
    try stand.restart()
    #expect(wait(stand, waits, for: "done") == "done 1 1000")
    #expect(wait(stand, runs, for: "failed") == "failed 1 500")
    #expect(ran("slow restart").count == 2)
  }

  @Test("Jobs of a plugin that does not run wait for it")
  func waits() throws {
    let stand = try Stand(worker)
    let id = order(stand, "quick", "waits", delay: 1)
    try stand.restart(with: [])
    usleep(1_300_000)
    #expect(ran("quick waits").isEmpty)
    try stand.restart()
    #expect(wait(stand, id, for: "done") == "done 1 1000")
  }

  @Test("A scheduled job runs again and again, also after a restart, never twice at a time")
  func schedule() throws {
    let begun = ContinuousClock.now
    let stand = try Stand(worker)
    // Other tests have schedules of their own that run at the same time.
    func ticks() -> Int { stand.core.services.jobs.numbers.done }
    #expect(Patience.wait { ticks() >= 2 })
    let done = ticks()
    #expect(done <= Int(begun.duration(to: .now).components.seconds) + 1)
    try stand.restart()
    #expect(Patience.wait { ticks() >= 1 })
    let waiting = try stand.core.store.unfinishedJobs().filter { $0.name == "ticks" }
    #expect(waiting.count <= 1)
  }

  @Test("Of what is due the highest priority goes first, then the oldest; one kind has its limit")
  func order() throws {
    let stand = try Stand(worker)
    for (value, priority) in [("c", 0), ("a", 5), ("d", 0), ("b", 5)] {
      _ = order(stand, "single", value, priority: priority, delay: 1)
    }
    let last = order(stand, "single", "e", priority: -1, delay: 1)
    #expect(wait(stand, last, for: "done") == "done 1 1000")
    let done = ran("single").suffix(5)
    // Those of one second may be due one after the other.
    #expect(done.last == "single e" && Set(done).count == 5)
    let a = done.firstIndex(of: "single a") ?? 0
    let b = done.firstIndex(of: "single b") ?? 0
    #expect(a < b)
  }

  @Test("An order has bounds, each with its words")
  func bounds() throws {
    let stand = try Stand(worker)
    #expect(
      order(stand, "nothing")
        == "invalid: tally.jobs.enqueue: nothing is no job of worker; define it in enroll")
    #expect(
      order(stand, "quick", key: "@schedule")
        == "invalid: tally.jobs.enqueue: the key of a job is UTF-8 of at most 256 bytes and does not "
        + "begin with @")
    #expect(
      order(stand, "quick", String(repeating: "x", count: 65_537))
        == "limit: tally.jobs.enqueue: a job carries at most 65536 bytes and waits at most 31622400 "
        + "seconds")
  }

  @Test(
    "A schedule says when it is due next",
    arguments: [
      ("every 90s", Int64(90_000)), ("every 2h", 7_200_000), ("daily 00:01", 60_000),
      ("daily 00:00", 86_400_000), ("every 0s", nil), ("every 5", nil), ("daily 24:00", nil),
      ("hourly", nil), ("every  5m", nil), ("daily 3:30", nil),
    ])
  func schedules(text: String, next: Int64?) {
    #expect(JobSchedule(text)?.next(after: 0) == next)
  }
}
