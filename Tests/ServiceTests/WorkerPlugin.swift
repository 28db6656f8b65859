import PluginKit
import Synchronization

private let entry = PluginEntry(WorkerPlugin.self) { WorkerPlugin.create($0, $1, $2) }

@c(tally_plugin_worker)
public func tallyPluginWorker() -> PluginTable { entry.table }

let worker: PluginEntryFunction = { tallyPluginWorker() }

/// Keeps keys and does jobs, as its question says.
struct WorkerPlugin: Plugin {
  static let descriptor = Descriptor(
    name: "worker", version: "1.0.0", summary: "Tries keys and jobs.")

  /// What ran, in order, over all runs of the server: the jobs' names and payloads.
  static let ran = Mutex<[String]>([])

  /// Whether the job that does not listen may end.
  static let isReleased = Mutex(false)

  /// Whether it looks at requests before they are counted.
  static let transforms = Mutex(false)

  private let keys: KeyValues
  private let jobs: Jobs
  private let commands: Commands
  private let accounts: Accounts
  private let asked: Gauge

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    keys = try KeyValues(host)
    jobs = try Jobs(host)
    commands = try Commands(host)
    accounts = try Accounts(host)
    let metrics = try Metrics(host)
    asked = try metrics.counter("asked_total", help: "Questions.")
    try jobs.define("quick", parallel: 4)
    try jobs.define("single")
    try jobs.define("fails", retries: 2, backoffSeconds: 1)
    try jobs.define("slow", timeoutSeconds: 3, parallel: 4)
    try jobs.define("stubborn", timeoutSeconds: 1, parallel: 4)
    try jobs.define("counts")
    try jobs.define("ticks", schedule: "every 1s")
    try commands.define("tick")
    try registrar.read(method: "worker")
    if Self.transforms.withLock({ $0 }) { try registrar.transform() }
  }

  func transform(_ batch: Batch, _ verdicts: borrowing Verdicts) throws {}

  func apply(_ command: Command, _ effects: borrowing Effects) {}

  func run(_ job: borrowing Job) throws {
    let payload = String(decoding: Array(job.payload), as: UTF8.self)
    Self.ran.withLock { $0.append("\(String(job.name)) \(payload)") }
    switch job.name {
    case "fails": throw PluginError(.failed, "try \(job.attempt) of \(payload)")
    case "slow":
      job.progress(500)
      while !job.isCancelled { pause() }
      throw PluginError(.failed, "cut short")
    case "stubborn": while !Self.isReleased.withLock({ $0 }) { pause() }
    case "counts": try commands.submit("tick", app: 0)
    default: break
    }
  }

  private func pause() {
    let end = ContinuousClock.now + .milliseconds(2)
    while ContinuousClock.now < end {}
  }

  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    let key = String(request["key"] ?? "")
    asked.add(1)
    do {
      switch request["do"] ?? "" {
      case "get": reply.string(try keys.get(key)?.text ?? "none")
      case "put":
        try keys.put(
          key, Array((request["value"] ?? "").bytes),
          ttlSeconds: UInt32(String(request["ttl"] ?? "0")) ?? 0)
        reply.string("put")
      case "remove": reply.string(try keys.remove(key) ? "removed" : "none")
      case "swap":
        let known = try keys.get(key)?.version ?? 0
        let stale = request["stale"] != nil
        let new = try keys.swap(
          key, version: stale ? known + 1 : known, Array((request["value"] ?? "").bytes))
        reply.string(new == nil ? "lost" : "won")
      case "scan":
        let found = try keys.scan(
          prefix: key, after: String(request["after"] ?? ""), limit: 3)
        reply.string(found.map { "\($0.key)=\($0.value.text)" }.joined(separator: " "))
      case "order":
        let id = try jobs.enqueue(
          String(request["job"] ?? ""), key: key, payload: Array((request["value"] ?? "").bytes),
          priority: Int32(String(request["priority"] ?? "0")) ?? 0,
          delaySeconds: UInt32(String(request["delay"] ?? "0")) ?? 0)
        reply.number(Int64(id))
      case "who":
        let account = try accounts.account(key)
        reply.string(account.map { "\($0.username) \($0.isGlobalAdmin)" } ?? "nobody")
      case "may":
        reply.string(
          try accounts.may(key, app: UInt32(String(request["app"] ?? "0")) ?? 0) ? "yes" : "no")
      case "audit":
        try accounts.audit(
          "worker.asked", detail: String(request["value"] ?? ""), member: key, app: request.app)
        reply.string("kept")
      case "reply":
        reply.status(Int(String(request["value"] ?? "")) ?? 200)
        reply.string("replied")
      case "cancel":
        try jobs.cancel(UInt64(key) ?? 0)
        reply.string("told")
      default:
        let status = try jobs.status(UInt64(key) ?? 0)
        reply.string(
          status.map { "\($0.state) \($0.attempt) \($0.permille)" } ?? "unknown")
      }
    } catch let error as PluginError {
      reply.string("\(error.code): \(error.message)")
    }
  }
}
