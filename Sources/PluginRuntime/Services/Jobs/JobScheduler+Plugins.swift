import Foundation
import Store

/// What plugins ask of the pool.
extension JobScheduler {
  /// When jobs of a kind run by themselves; nil when they only run for who orders them.
  package func schedule(plugin: String, name: String) -> JobSchedule? {
    condition.withLock { kinds[KindKey(plugin: plugin, name: name)]?.last?.schedule }
  }

  /// Why an order is refused.
  enum Refusal: Error {
    case taken
    case full
    case unknown
    case finished
  }

  /// A plugin runs: its jobs may.
  func register(_ added: [JobKind]) {
    condition.withLock {
      for kind in added {
        kinds[KindKey(plugin: kind.plugin, name: kind.name), default: []].append(kind)
      }
      condition.broadcast()
    }
    for kind in added { schedule(kind, after: clock()) }
  }

  /// An instance stops: none of its jobs begins, those that run are told and waited for; false
  /// when some did not end in time. Another generation of the plugin goes on.
  func unregister(owner: UInt64, timeout: TimeInterval) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    for key in kinds.keys { kinds[key]?.removeAll { $0.owner == owner } }
    let deadline = Date(timeIntervalSinceNow: timeout)
    while true {
      let own = running.filter { owners[$0.key] == owner }.map(\.value)
      if own.isEmpty { return true }
      own.forEach { $0.interrupt() }
      guard condition.wait(until: deadline) else { return false }
    }
  }

  func enqueue(_ new: NewJob) throws -> UInt64 {
    switch try store.insert(new, waitingMax: Self.waitingMax) {
    case .taken: throw Refusal.taken
    case .full: throw Refusal.full
    case .made(let job):
      condition.withLock {
        waiting[job.id] = job
        condition.broadcast()
      }
      return job.id
    }
  }

  /// Takes a waiting job back, or tells a running one to end.
  func cancel(_ id: UInt64, plugin: String) throws {
    let found: StoredJob? = try condition.withLock {
      if let run = running[id], run.job.plugin == plugin {
        run.takeBack()
        return nil
      }
      guard var job = waiting[id], job.plugin == plugin else { throw Refusal.unknown }
      waiting[id] = nil
      job.state = .cancelled
      return job
    }
    if let found { try store.update(found, finishedMs: clock()) }
  }

  /// What became of a job.
  func look(_ id: UInt64, plugin: String) throws -> StoredJob {
    let live: StoredJob? = condition.withLock {
      guard let run = running[id] else { return waiting[id] }
      var job = run.job
      (job.state, job.permille, job.attempt) = (.running, run.permille, job.attempt + 1)
      return job
    }
    if let live, live.plugin == plugin { return live }
    guard let kept = try store.job(id, plugin: plugin) else { throw Refusal.unknown }
    return kept
  }
}

/// What debuggers and `top` show.
enum ThreadName {
  static func set(_ name: String) {
    try? Data(name.utf8).write(to: URL(fileURLWithPath: "/proc/thread-self/comm"))
  }
}
