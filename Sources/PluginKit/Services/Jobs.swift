import PluginABI

/// Work behind the answer: on a bounded pool of threads, kept through restarts, done at least once.
public struct Jobs: @unchecked Sendable {
  private let table: UnsafePointer<tally_jobs>

  /// Where a job stands.
  public enum State: UInt32, Sendable {
    case waiting = 0
    case running
    case done
    case failed
    case cancelled
  }

  /// What is known of a job.
  public struct Status: Sendable {
    public let state: State
    /// Tries begun.
    public let attempt: Int
    /// How much the last try said is done, of 1 000.
    public let permille: Int
    /// When it is or was due, in Unix milliseconds.
    public let dueMs: Int64
  }

  /// Fetches the service; in the plugin's `init`. [control]
  public init(_ host: Host) throws {
    table = try host.service("tally.jobs", as: tally_jobs.self)
  }

  /// Says that `run` takes jobs of that name. `schedule` is "every 5m" (s, m, h, d) or "daily
  /// 03:30" in UTC, or empty. In the plugin's `init`. [control]
  public func define(
    _ name: String, schedule: String = "", timeoutSeconds: UInt32 = 300, parallel: UInt32 = 1,
    retries: UInt32 = 0, backoffSeconds: UInt32 = 10
  ) throws {
    try Text.with(name) { name in
      try Text.with(schedule) { schedule in
        var kind = tally_job_kind()
        kind.struct_size = UInt32(MemoryLayout<tally_job_kind>.size)
        kind.timeout_s = timeoutSeconds
        (kind.name, kind.schedule) = (name.abi, schedule.abi)
        (kind.parallel_max, kind.retries_max) = (parallel, retries)
        kind.backoff_s = backoffSeconds
        kind.run = Trampolines.run
        try ServiceCall.run { table.pointee.define(table.pointee.ctx, &kind, $0) }
      }
    }
  }

  /// Orders a job; durable when it returns. While a job of that name and `key` waits or runs
  /// another is a `conflict`. Of jobs that are due the highest priority goes first. [request, job]
  @discardableResult
  public func enqueue(
    _ name: String, key: String = "", payload: [UInt8] = [], priority: Int32 = 0,
    delaySeconds: UInt32 = 0
  ) throws -> UInt64 {
    var id: UInt64 = 0
    try Text.with(name) { name in
      try Text.with(key) { key in
        try ServiceCall.with(payload) { payload in
          var order = tally_job_order()
          order.struct_size = UInt32(MemoryLayout<tally_job_order>.size)
          order.priority = priority
          (order.name, order.key, order.payload) = (name.abi, key.abi, payload)
          order.delay_s = delaySeconds
          try ServiceCall.run { table.pointee.enqueue(table.pointee.ctx, &order, &id, $0) }
        }
      }
    }
    return id
  }

  /// Takes a waiting job back, or tells a running one to end. [request, job]
  public func cancel(_ id: UInt64) throws {
    try ServiceCall.run { table.pointee.cancel(table.pointee.ctx, id, $0) }
  }

  /// What became of a job, or nil when it is not, or no longer, known. [request, job]
  public func status(_ id: UInt64) throws -> Status? {
    var state = tally_job_state()
    do {
      try ServiceCall.run { table.pointee.look(table.pointee.ctx, id, &state, $0) }
    } catch let error as PluginError where error.code == .notFound {
      return nil
    }
    return Status(
      state: State(rawValue: state.state) ?? .failed, attempt: Int(state.attempt),
      permille: Int(state.permille), dueMs: state.due_ms)
  }
}

/// One try of a job. Borrowed.
public struct Job: ~Copyable {
  private let pointer: UnsafePointer<tally_job>

  init(_ pointer: UnsafePointer<tally_job>) throws {
    guard pointer.pointee.struct_size >= UInt32(MemoryLayout<tally_job>.size) else {
      throw PluginError(.unsupported, "the host's tally_job is older than this plugin")
    }
    self.pointer = pointer
  }

  public var id: UInt64 { pointer.pointee.id }
  public var name: Text { Text(pointer.pointee.name) }
  /// 1 at first.
  public var attempt: Int { Int(pointer.pointee.attempt) }
  /// When this try began, and when it must have ended, in Unix milliseconds.
  public var nowMs: Int64 { pointer.pointee.now_ms }
  public var deadlineMs: Int64 { pointer.pointee.deadline_ms }
  public var payload: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: pointer.pointee.payload.ptr, count: Int(pointer.pointee.payload.len))
  }

  /// Whether the job should end soon: cancelled, over its time, or the plugin is about to stop.
  public var isCancelled: Bool { (pointer.pointee.is_cancelled?(pointer.pointee.ctx) ?? 1) != 0 }

  /// Says how much is done, of 1 000.
  public func progress(_ permille: Int) {
    pointer.pointee.progress?(pointer.pointee.ctx, UInt32(min(max(permille, 0), 1_000)))
  }
}
