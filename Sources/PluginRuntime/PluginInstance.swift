import Logging
import PluginABI
import Store

/// One running plugin: its code, its instance, what it registered.
package final class PluginInstance: @unchecked Sendable {
  package let manifest: Manifest
  package let origin: String
  /// The plugin's number in the store, the same for ever.
  package let number: Int
  /// The number under which its committed hooks have a position; 0 without any.
  let committedNumber: Int
  let enrollment: Enrollment
  /// The working set's number of each metric, in order of registration; the pipeline's thread only.
  private(set) var metrics: [Int] = []
  /// The interned name under which this plugin says facts.
  let factName: UInt32
  let crumb: StaticName
  let commits: CallCrumb
  let answers: CallCrumb
  let pointer: UnsafeMutableRawPointer?
  /// The runner that performs its calls; nil when this process does.
  package let lane: IsolatedLane?
  /// Calls that run at this moment.
  let inFlight = InFlight()
  /// What became of its calls.
  package let counts = CallCounts()
  /// Nothing that services began for it runs any more.
  private var isIdle = true
  /// Nothing of a plugin that runs elsewhere.
  let table: tally_plugin
  /// What it costs.
  package let account: PluginAccount
  /// What no text of it that leaves it contains.
  let secrets: Secrets
  /// Keeps what the instance was handed alive.
  let host: HostTable?

  /// Creates, enrolls and starts. All or nothing: a failure leaves only the reason. `state` is what
  /// another generation of the code left.
  init(
    _ code: LoadedPlugin, settings: Settings, services: HostTable.Services, store: WorkingSet,
    lane: Lane = .inproc, state: [UInt8]? = nil
  ) throws(PluginError) {
    let before = ThreadKind.become(.control)
    defer { ThreadKind.become(before) }
    let name = code.manifest.name
    let secrets = services.secrets.of(name)
    try Self.check(code.manifest, services, lane)
    let host = HostTable(
      manifest: code.manifest, settings: settings, services: services, code: code.number)
    let table = code.table
    var created: UnsafeMutableRawPointer?
    do {
      try ErrorText.check(name, "create", secrets) {
        table.create(host.pointer, &created, $0)
      }
    } catch { throw PluginError(error.code, secrets.redact(error.message)) }
    do {
      enrollment = try Self.enroll(code.manifest, table, created, secrets)
      host.service?.seal()
      if let check = table.settings_check {
        try host.withSettings { (given) throws(PluginError) in
          try ErrorText.check(name, "settings_check", secrets) {
            check(created, given, $0)
          }
        }
      }
      if let state, let reason = StateTransfer.import(state, into: created, table, secrets) {
        services.log.warning(
          "a plugin starts without the state of the code before it",
          metadata: ["plugin": "\(name)", "reason": "\(reason)"])
      }
      if let start = table.start {
        try ErrorText.check(name, "start", secrets) { start(created, $0) }
      }
      number = try Self.storeNumber(name, store)
      committedNumber =
        enrollment.has(.committed) ? try Self.storeNumber(name + "/committed", store) : 0
    } catch {
      host.service?.end()
      table.destroy(created)
      throw PluginError(error.code, secrets.redact(error.message))
    }
    manifest = code.manifest
    self.secrets = secrets
    origin = code.origin
    factName = services.intern(Array(name.utf8))
    crumb = StaticName(name)
    commits = CallCrumb(services.breadcrumb, name, .committed, code: code.number)
    answers = CallCrumb(services.breadcrumb, name, .answer, code: code.number)
    pointer = created
    account = services.accounts.account(name)
    account.began()
    self.table = table
    self.host = host
    self.lane = nil
    host.service?.begin(created)
  }

  /// The same in a runner that has loaded the plugin.
  init(
    _ lane: IsolatedLane, settings: Settings, services: HostTable.Services, store: WorkingSet,
    state: [UInt8]? = nil
  ) throws(PluginError) {
    let name = lane.manifest.name
    let secrets = services.secrets.of(name)
    secrets.add(settings.secrets)
    self.secrets = secrets
    do throws(PluginError) {
      try Self.check(lane.manifest, services, .isolated)
      enrollment = try lane.begin(settings, state: state)
      number = try Self.storeNumber(name, store)
      committedNumber =
        enrollment.has(.committed) ? try Self.storeNumber(name + "/committed", store) : 0
    } catch {
      lane.context?.end()
      lane.end()
      throw PluginError(error.code, secrets.redact(error.message))
    }
    manifest = lane.manifest
    origin = lane.plan.path
    factName = services.intern(Array(name.utf8))
    crumb = StaticName(name)
    commits = CallCrumb(nil, name, .committed, code: 0)
    answers = CallCrumb(nil, name, .answer, code: 0)
    pointer = nil
    account = services.accounts.account(name)
    account.began()
    table = tally_plugin()
    host = nil
    self.lane = lane
    lane.context?.begin(Unmanaged.passUnretained(lane).toOpaque())
  }

  /// What the plugin asks of the host outside of hooks; nil where the host offers nothing.
  package var services: ServiceContext? { lane?.context ?? host?.service }

  package var name: String { manifest.name }

  /// What is in force for it.
  package var settings: Settings { host?.settings ?? lane?.settings ?? Settings() }

  /// Makes its metrics known to the working set, whose thread this is.
  func admit(to store: WorkingSet) {
    guard metrics.isEmpty else { return }
    metrics = zip(enrollment.metrics, enrollment.metricLimits).map { metric, limits in
      store.register(metric.limited(by: limits, settings))
    }
  }

  /// What it leaves to the next generation of its code. While no hook of it runs.
  func exportState() -> [UInt8]? { lane?.exportState() ?? StateTransfer.export(pointer, table) }

  /// Whether it has anything to leave.
  var hasState: Bool { lane?.hasState ?? (table.state_export != nil) }

  /// Says that no new calls will come.
  func drain() {
    // A runner drains when it ends: until then calls are in flight.
    if lane != nil {
      isIdle = services?.drain() ?? true
      return
    }
    let before = ThreadKind.become(.control)
    defer { ThreadKind.become(before) }
    isIdle = services?.drain() ?? true
    table.drain?(pointer)
  }

  /// Stops and destroys; the code itself stays mapped. No call may run: an instance whose jobs did
  /// not end stays as it is.
  func destroy() {
    if let lane {
      lane.end()
      services?.end()
      return
    }
    let before = ThreadKind.become(.control)
    defer { ThreadKind.become(before) }
    table.stop?(pointer)
    services?.end()
    if isIdle { table.destroy(pointer) }
  }

  /// Drain, stop, destroy.
  func end() {
    drain()
    destroy()
  }

  /// What can be known before any code of the plugin runs.
  private static func check(
    _ manifest: Manifest, _ services: HostTable.Services, _ lane: Lane
  ) throws(PluginError) {
    if lane == .inproc ? manifest.isIsolatedOnly : manifest.isInprocOnly {
      let other: Lane = lane == .inproc ? .isolated : .inproc
      throw PluginError(
        .otherLane,
        "\(manifest.name) runs \(other) only, have mode: \(lane); set mode: \(other)")
    }
    for need in manifest.needs where !need.isOptional {
      let revision = services.host == nil ? 0 : Service.revision(of: need.service)
      guard revision < max(need.revision, 1) else { continue }
      throw PluginError(
        .serviceMissing,
        "\(manifest.name) needs the service \(need.service), revision \(need.revision); this host "
          + "has \(revision == 0 ? "none" : "revision \(revision)"); update Tally")
    }
  }

  private static func enroll(
    _ manifest: Manifest, _ table: tally_plugin, _ instance: UnsafeMutableRawPointer?,
    _ secrets: Secrets
  ) throws(PluginError) -> Enrollment {
    let name = manifest.name
    let registrar = Registrar(manifest: manifest)
    var failure: PluginError?
    registrar.withTable { registrations in
      do throws(PluginError) {
        try ErrorText.check(name, "enroll", secrets) { table.enroll(instance, registrations, $0) }
      } catch { failure = error }
    }
    if let refusal = registrar.refusal {
      throw PluginError(.invalidTable, "\(name): enroll registered something invalid: \(refusal)")
    }
    if let failure { throw failure }
    return registrar.enrollment
  }

  private static func storeNumber(_ name: String, _ store: WorkingSet) throws(PluginError) -> Int {
    do { return try store.plugin(name) } catch {
      throw PluginError(.startFailed, "\(name): the store has no number for it: \(error)")
    }
  }
}
