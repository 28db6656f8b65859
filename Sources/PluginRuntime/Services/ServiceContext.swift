import Foundation
import Logging
import PluginABI
import Synchronization

/// The host's side of one instance's services: the `ctx` of every table. Never freed, so that a
/// call after destroy finds it and is refused instead of reading freed memory.
package final class ServiceContext: @unchecked Sendable {
  /// The life of the instance, as far as services care.
  enum Phase {
    /// Definitions are taken.
    case enrolling
    case running
    /// stop() is over, or start failed.
    case ended
  }

  /// Misuses logged in one second; more are counted only.
  static let logLinesPerSecondMax = 5
  /// How long jobs may take to end when their plugin stops.
  static let drainSeconds = 10.0

  package let plugin: String
  /// Tells the instances of a process apart.
  let number = newest.wrappingAdd(1, ordering: .relaxed).newValue
  private static let newest = Atomic<UInt64>(0)
  package let account = ServiceAccount()
  /// What the plugin costs, over all its instances.
  let costs: PluginAccount
  let secrets: Secrets
  /// Says that a job runs in this process.
  let crumb: CallCrumb
  let host: any ServiceHost
  /// Definitions of commands by name; sealed when enroll has returned.
  let commands = Mutex<[String: CommandHandler]>([:])
  let jobKinds = Mutex<[JobKind]>([])
  let metrics = Mutex<[PluginMetric]>([])
  /// Outgoing requests that are under way.
  let requests = Mutex<Set<UInt64>>([])
  private let log: Logger
  private let life = Mutex(Life())
  private let rate = Mutex(LogRate(linesPerSecondMax: logLinesPerSecondMax))
  private let tables: ServiceTables

  init(
    plugin: String, host: any ServiceHost, costs: PluginAccount, secrets: Secrets,
    crumb: CallCrumb, log: Logger
  ) {
    self.plugin = plugin
    self.crumb = crumb
    self.secrets = secrets
    self.costs = costs
    self.host = host
    self.log = log
    tables = ServiceTables()
    tables.fill(ctx: Unmanaged.passRetained(self).toOpaque())
  }

  /// The table of a service, or nil when this host does not have it in that revision.
  func table(_ name: String, minRevision: UInt32) -> UnsafeRawPointer? {
    guard let service = Service(id: name), minRevision <= Service.revision else { return nil }
    return tables.pointer(service)
  }

  /// What the plugin's functions take first, which threads of the host may hand back.
  private struct InstancePointer: @unchecked Sendable {
    let raw: UnsafeMutableRawPointer?
  }

  private struct Life {
    var phase = Phase.enrolling
    var instance = InstancePointer(raw: nil)
  }

  // MARK: Life

  /// Enroll has returned: nothing more can be defined.
  func seal() { life.withLock { $0.phase = .running } }

  /// Calls of the plugin's own functions are possible from here on.
  func begin(_ instance: UnsafeMutableRawPointer?) {
    let pointer = InstancePointer(raw: instance)
    life.withLock { $0.instance = pointer }
    let kinds = jobKinds.withLock { $0 }
    if !kinds.isEmpty { host.jobs.register(kinds) }
  }

  /// No call of the plugin's own functions begins from here on; those that run are told to end.
  /// False when some did not in time: then the instance must stay.
  func drain() -> Bool {
    let hasJobs = !jobKinds.withLock { $0.isEmpty }
    let isIdle = !hasJobs || host.jobs.unregister(owner: number, timeout: Self.drainSeconds)
    if !isIdle {
      warn("a job did not end within \(Int(Self.drainSeconds)) s of drain; its memory stays")
    }
    return endRequests() && isIdle
  }

  /// Every further call is refused.
  func end() {
    life.withLock {
      $0.phase = .ended
      $0.instance = InstancePointer(raw: nil)
    }
  }

  /// What the plugin's own functions take first.
  var instance: UnsafeMutableRawPointer? { life.withLock { $0.instance }.raw }

  var phase: Phase { life.withLock { $0.phase } }

  /// The numbers the plugin keeps about itself.
  package var ownMetrics: [PluginMetric] { metrics.withLock { $0 } }

  // MARK: Calls

  /// One call of a service's function: counted, admitted by thread and phase; why it is refused is
  /// handed to the plugin and, when it is misuse, to the operator.
  static func call(
    _ ctx: UnsafeMutableRawPointer?, _ service: Service, _ function: StaticString,
    from kinds: Set<ThreadKind>, _ report: UnsafePointer<tally_error>?,
    _ body: (ServiceContext) throws -> Void
  ) -> tally_status {
    let name = "tally.\(service.rawValue).\(function)"
    guard let ctx else {
      leave("\(name): ctx is NULL; pass the table's own ctx", in: report)
      return TALLY_INVALID
    }
    let context = Unmanaged<ServiceContext>.fromOpaque(ctx).takeUnretainedValue()
    context.account.count(service)
    do {
      try context.admit(kinds)
      try body(context)
      return TALLY_OK
    } catch {
      let refusal =
        error as? ServiceError ?? ServiceError(TALLY_FAILED, "the store failed: \(error)")
      context.account.refuse(service)
      if refusal.status == TALLY_LIMIT { context.costs.drop(Drop(service)) }
      let reason = "\(name): \(refusal.reason)"
      leave(reason, in: report)
      if refusal.isMisuse { context.warn(reason) }
      return refusal.status
    }
  }

  /// A line for the operator about what the plugin does wrong.
  func warn(_ reason: String) {
    guard let dropped = rate.withLock({ $0.admit(second: Int(time(nil))) }) else { return }
    log.warning(
      "plugin misuses a service",
      metadata: dropped > 0
        ? ["reason": "\(secrets.redact(reason))", "dropped_lines": "\(dropped)"]
        : ["reason": "\(secrets.redact(reason))"])
  }

  private func admit(_ kinds: Set<ThreadKind>) throws(ServiceError) {
    guard phase != .ended else {
      throw ServiceError(
        TALLY_GONE, "\(plugin) has been stopped; end the threads that call before stop() returns")
    }
    let kind = ThreadKind.current
    guard kinds.contains(kind) else {
      throw ServiceError(
        TALLY_INVALID, "called from \(kind.phrase); see the brackets in tally_plugin.h, 10")
    }
  }

  private static func leave(_ reason: String, in report: UnsafePointer<tally_error>?) {
    guard let report, let set = report.pointee.set else { return }
    Array(reason.utf8).withTallyText { set(report.pointee.ctx, $0) }
  }
}

extension Set<ThreadKind> {
  /// Where definitions are made.
  static let defining: Self = [.control]
  /// Where a call may wait for the pipeline.
  static let blocking: Self = [.request, .job, .other]
  /// Where a call may wait for the disk.
  static let storing: Self = [.request, .job, .other, .control]
  /// The pipeline's thread.
  static let hooks: Self = [.hook]
  /// Anywhere.
  static let any: Self = [.other, .control, .hook, .request, .job]
}

extension ServiceContext {
  /// Throws unless enroll is running.
  func checkDefining() throws(ServiceError) {
    guard phase == .enrolling else {
      throw ServiceError(TALLY_INVALID, "definitions are made inside enroll, not later")
    }
  }

  /// A struct the plugin passed, taken over as `enroll` takes its structs.
  func check<T: BitwiseCopyable>(
    _ pointer: UnsafePointer<T>?, _ name: String
  ) throws(ServiceError) -> T {
    do { return try Incoming.copy(pointer, name) } catch {
      throw ServiceError(TALLY_INVALID, error.reason)
    }
  }
}
