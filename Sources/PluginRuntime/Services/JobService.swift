import PluginABI
import Store

/// Limits of jobs.
enum JobLimits {
  static let kindsMax = 64
  static let payloadBytesMax = 65_536
  static let keyBytesMax = 256
  static let timeoutMaxS: UInt32 = 86_400
  static let retriesMax: UInt32 = 100
  static let parallelMax: UInt32 = 64
  static let delayMaxS: UInt32 = 366 * 86_400
}

typealias RunJob =
  @convention(c) (
    UnsafeMutableRawPointer?, UnsafePointer<tally_job>?, UnsafePointer<tally_error>?
  ) -> tally_status

extension tally_jobs {
  static func serving(_ ctx: UnsafeMutableRawPointer) -> tally_jobs {
    var table = tally_jobs()
    table.struct_size = UInt32(MemoryLayout<tally_jobs>.size)
    table.revision = Service.revision
    table.ctx = ctx
    table.define = { ctx, kind, error in
      ServiceContext.call(ctx, .jobs, "define", from: .defining, error) { try $0.define(kind) }
    }
    table.enqueue = { ctx, order, out, error in
      ServiceContext.call(ctx, .jobs, "enqueue", from: .storing, error) {
        let id = try $0.enqueue(order)
        out?.pointee = id
      }
    }
    table.cancel = { ctx, id, error in
      ServiceContext.call(ctx, .jobs, "cancel", from: .storing, error) { service in
        try service.withJob(id) { try service.host.jobs.cancel(id, plugin: service.plugin) }
      }
    }
    table.look = { ctx, id, out, error in
      ServiceContext.call(ctx, .jobs, "look", from: .storing, error) { service in
        guard let out else { throw ServiceError(TALLY_INVALID, "out_state is NULL") }
        try service.withJob(id) {
          let job = try service.host.jobs.look(id, plugin: service.plugin)
          out.pointee = tally_job_state(
            struct_size: UInt32(MemoryLayout<tally_job_state>.size),
            state: UInt32(job.state.rawValue), attempt: UInt32(job.attempt),
            permille: UInt32(job.permille), due_ms: job.dueMs)
        }
      }
    }
    return table
  }
}

extension ServiceContext {
  fileprivate func define(_ pointer: UnsafePointer<tally_job_kind>?) throws {
    try checkDefining()
    let given = try check(pointer, "tally_job_kind")
    let name = try ServiceName.check(given.name, of: "job")
    guard let run = given.run else {
      throw ServiceError(TALLY_INVALID, "job \(name) has no run; set it")
    }
    guard given.timeout_s <= JobLimits.timeoutMaxS, given.retries_max <= JobLimits.retriesMax,
      given.parallel_max <= JobLimits.parallelMax
    else {
      throw ServiceError(
        TALLY_LIMIT,
        "job \(name): timeout_s is at most \(JobLimits.timeoutMaxS), retries_max "
          + "\(JobLimits.retriesMax), parallel_max \(JobLimits.parallelMax)")
    }
    var kind = JobKind(plugin: plugin, name: name) { [unowned self] in self.run($0, run) }
    kind.owner = number
    kind.schedule = try schedule(given.schedule, of: name)
    if given.timeout_s > 0 { kind.timeoutMs = Int64(given.timeout_s) * 1_000 }
    if given.backoff_s > 0 { kind.backoffMs = Int64(given.backoff_s) * 1_000 }
    kind.parallelMax = max(1, Int(given.parallel_max))
    kind.retriesMax = Int(given.retries_max)
    let defined = kind
    try jobKinds.withLock { kinds in
      guard !kinds.contains(where: { $0.name == name }) else {
        throw ServiceError(TALLY_CONFLICT, "job \(name) is defined twice")
      }
      guard kinds.count < JobLimits.kindsMax else {
        throw ServiceError(TALLY_LIMIT, "more than \(JobLimits.kindsMax) kinds of jobs")
      }
      kinds.append(defined)
    }
  }

  private func schedule(_ text: tally_str, of name: String) throws(ServiceError) -> JobSchedule? {
    guard text.len > 0 else { return nil }
    guard let schedule = text.string.flatMap(JobSchedule.init) else {
      throw ServiceError(
        TALLY_INVALID,
        "job \(name): \"\(text.string ?? "")\" is no schedule; write \"every 5m\" or \"daily 03:30\""
      )
    }
    return schedule
  }

  fileprivate func enqueue(_ pointer: UnsafePointer<tally_job_order>?) throws -> UInt64 {
    let order = try check(pointer, "tally_job_order")
    let name = try ServiceName.check(order.name, of: "job")
    guard jobKinds.withLock({ $0.contains { $0.name == name } }) else {
      throw ServiceError(TALLY_INVALID, "\(name) is no job of \(plugin); define it in enroll")
    }
    guard let key = order.key.string, key.utf8.count <= JobLimits.keyBytesMax,
      !key.hasPrefix("@")
    else {
      throw ServiceError(
        TALLY_INVALID,
        "the key of a job is UTF-8 of at most \(JobLimits.keyBytesMax) bytes and does not begin with @"
      )
    }
    guard order.payload.len <= JobLimits.payloadBytesMax, order.delay_s <= JobLimits.delayMaxS
    else {
      throw ServiceError(
        TALLY_LIMIT,
        "a job carries at most \(JobLimits.payloadBytesMax) bytes and waits at most "
          + "\(JobLimits.delayMaxS) seconds")
    }
    account.count(.jobs, bytes: Int(order.payload.len))
    let new = NewJob(
      plugin: plugin, name: name, key: key, payload: Array(order.payload.bytes),
      priority: order.priority, dueMs: host.nowMs + Int64(order.delay_s) * 1_000)
    do { return try host.jobs.enqueue(new) } catch JobScheduler.Refusal.taken {
      throw ServiceError(TALLY_CONFLICT, "a job \(name) with the key \(key) waits or runs already")
    } catch JobScheduler.Refusal.full {
      throw ServiceError(
        TALLY_LIMIT, "\(JobScheduler.waitingMax) jobs of \(plugin) wait already")
    }
  }

  fileprivate func withJob(_ id: UInt64, _ body: () throws -> Void) throws {
    do { try body() } catch JobScheduler.Refusal.unknown {
      throw ServiceError(TALLY_NOT_FOUND, "\(plugin) has no job \(id)")
    }
  }

  /// One try, on a thread of the pool; the reason when it failed.
  private func run(_ run: JobRun, _ function: RunJob) -> String? {
    let instance = instance
    var table = tally_job()
    table.struct_size = UInt32(MemoryLayout<tally_job>.size)
    table.attempt = UInt32(run.job.attempt + 1)
    table.id = run.job.id
    (table.now_ms, table.deadline_ms) = (run.startedMs, run.deadlineMs)
    table.ctx = Unmanaged.passUnretained(run).toOpaque()
    table.progress = { ctx, permille in
      guard let ctx else { return }
      Unmanaged<JobRun>.fromOpaque(ctx).takeUnretainedValue().permille = Int(permille)
    }
    table.is_cancelled = { ctx in
      guard let ctx else { return 1 }
      return Unmanaged<JobRun>.fromOpaque(ctx).takeUnretainedValue().isCancelled ? 1 : 0
    }
    let begun = CallMeter.now()
    let (status, reason) = ErrorText.collect(secrets) { error in
      Array(run.job.name.utf8).withTallyText { name in
        run.job.payload.withTallyBytes { payload in
          (table.name, table.payload) = (name, payload)
          return withUnsafePointer(to: table) { table in
            crumb.during { function(instance, table, error) }
          }
        }
      }
    }
    costs[.job].record(since: begun, items: 1, failed: status != TALLY_OK)
    return status == TALLY_OK ? nil : "status \(status): \(reason)"
  }
}
