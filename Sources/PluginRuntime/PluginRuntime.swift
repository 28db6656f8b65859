import Foundation
import Logging
import PluginABI
import Store
import Synchronization

/// The host's side of the contract: the running plugins, the order of their hooks, and who answers
/// which question. What runs is one immutable set that is replaced in one step.
package final class PluginRuntime: @unchecked Sendable {
  /// One plugin that should run.
  package struct Request {
    /// Where its code comes from.
    package enum Code {
      case builtin(tally_plugin_entry)
      case library(name: String, path: String)
      /// A library that runs in a process of its own.
      case isolated(IsolationPlan)

      /// Whether it runs in a process of its own.
      var isIsolated: Bool {
        if case .isolated = self { true } else { false }
      }

      /// The library, unless it is linked in.
      var library: (name: String, path: String)? {
        switch self {
        case .builtin: nil
        case .library(let name, let path): (name, path)
        case .isolated(let plan): (plan.name, plan.path)
        }
      }
    }

    let code: Code
    let settings: [GivenSetting]
    let placement: Placement
    /// What the library must be.
    let pins: PluginPins

    package init(
      _ code: Code, settings: [GivenSetting], placement: Placement = Placement(),
      pins: PluginPins = PluginPins()
    ) {
      self.code = code
      self.settings = settings
      self.placement = placement
      self.pins = pins
    }

    var name: String {
      code.library?.name ?? "built-in"
    }
  }

  /// A plugin the server runs without, and why.
  package struct Refusal: Sendable {
    package let plugin: String
    package let error: PluginError
  }

  private let published = Mutex(PluginSet.empty)
  private let version = Atomic<Int>(0)
  private let refused = Mutex<[Refusal]>([])
  /// What the operator says about the place of a plugin's hooks, by its name.
  let placements = Mutex<[String: Placement]>([:])
  let services: HostTable.Services
  let store: WorkingSet
  let nearest: (String, [String]) -> String?

  private let faults = Mutex<IntakeFaults?>(nil)

  /// What is known of faults of intake hooks; nil where nobody notes them.
  var intakeFaults: IntakeFaults? { faults.withLock { $0 } }

  /// From here on faults of intake hooks are noted, and requests that ended the process are shown to
  /// their killers no more. Before the first request.
  package func watchIntake(_ breadcrumb: Breadcrumb, _ suspects: Suspects) {
    let known = IntakeFaults(breadcrumb: breadcrumb, killers: suspects.requests)
    faults.withLock { $0 = known }
  }

  /// Told, with the reason, of an isolated plugin that is given up; must not wait.
  let givenUp = Mutex<@Sendable (IsolatedLane, String) -> Void>({ _, _ in })

  /// What happened and is no request, on its way to the lifecycle hooks.
  package let happenings = LifecycleQueue()

  /// `nearest` names the known name a typo probably meant.
  package init(
    store: WorkingSet, services: HostTable.Services,
    nearest: @escaping (String, [String]) -> String?
  ) {
    self.store = store
    self.services = services
    self.nearest = nearest
  }

  // MARK: What runs

  /// What runs at this moment.
  package var set: PluginSet { published.withLock { $0 } }
  package var instances: [PluginInstance] { self.set.instances }
  /// What plugins cost.
  package var accounts: PluginAccounts { services.accounts }
  package var refusals: [Refusal] { refused.withLock { $0 } }

  /// What runs at this moment, entered: whoever takes it leaves it, and until then nothing of it is
  /// stopped.
  package func entered() -> PluginSet {
    published.withLock {
      $0.enter()
      return $0
    }
  }

  /// The intake hooks of what runs, in order, their instances entered.
  func enteredIntake() -> [IntakeHook] {
    published.withLock { set in
      for hook in set.intake { hook.instance.inFlight.enter() }
      return set.intake
    }
  }

  /// Makes a set what runs, for questions at once, for the pipeline when it takes it over.
  func publish(_ set: PluginSet) {
    published.withLock {
      $0 = set
      version.store(set.version, ordering: .releasing)
    }
  }

  /// The version of `set`; cheap enough to be asked for between any two batches.
  package var publishedVersion: Int { version.load(ordering: .acquiring) }

  /// The position of every consumer at the head: all have seen the same, and one that was given up
  /// stays where it was.
  package func positions(at position: UInt64) -> [(plugin: Int, position: UInt64)] {
    set.instances.filter { $0.enrollment.has(.process) }.map {
      ($0.number, min(position, $0.lane?.frozenPosition ?? position))
    }
  }

  /// The text of each interned name under which a plugin says facts.
  package var factNames: [UInt32: [UInt8]] { self.set.factNames }

  /// Every hook in calling order, kind by kind, with what put it there.
  package var hookOrder: [HookOrderLine] { self.set.plan.lines }

  /// Who answers `<path>?method=<method>`, with path `/o` or `/o/sdk`; its plugin is not stopped
  /// while the lease is held.
  package func route(path: String, method: String, http: String) -> RouteAnswer {
    lease { $0.find(path: path, method: method, http: .init(http: http)) }
  }

  /// Who answers a path below `/o/` or `/i/`.
  package func route(path: String, http: String) -> RouteAnswer {
    lease { $0.find(path: path, http: .init(http: http)) }
  }

  private func lease(_ find: (RouteTable) -> RouteTable.Found) -> RouteAnswer {
    published.withLock { set in
      switch find(set.routes) {
      case .reader(let reader, let captured): .found(ReaderLease(reader), captured: captured)
      case .wrongMethod: .wrongMethod
      case .unknown: .unknown
      }
    }
  }

  /// Calls the hooks of what runs; the pipeline's thread, or before it begins.
  package func dispatcher(breadcrumb: Breadcrumb, suspects: Suspects) -> Dispatcher {
    Dispatcher(
      set: entered(), store: store, breadcrumb: breadcrumb, suspects: suspects,
      lifecycle: happenings, log: services.log, batches: services.batches)
  }

  // MARK: Starting and stopping without a lifecycle

  /// Loads, enrolls and starts one plugin; a failure is kept as a refusal and changes nothing else.
  package func start(_ request: Request) {
    var name = request.name
    do throws(PluginError) {
      if let (plugin, path) = request.code.library {
        try PluginImage(reading: path).verify(
          request.pins, plugin: plugin, policy: services.trust)
      }
      let code = try Self.load(request.code)
      name = code.manifest.name
      guard !instances.contains(where: { $0.name == name }) else {
        throw PluginError(
          .conflict, "\(name) (\(code.origin)) is already running; remove one of the two")
      }
      let settings = try Settings(
        manifest: code.manifest, given: request.settings, nearest: nearest)
      let before = set
      placements.withLock { $0[name] = request.placement }
      let (_, next) = try make(code, settings, beside: before.instances)
      publish(next)
    } catch {
      refuse(name, error)
    }
  }

  /// Ends all plugins, last started first; what `dispatcher` answered must have ended before. A
  /// plugin of which calls still run stays as it is; answers the names of those. Plugins in processes
  /// of their own end beside them, at once, and their calls with them.
  @discardableResult
  package func stop() -> [String] {
    let last = set
    publish(.empty)
    let elsewhere = DispatchGroup()
    for instance in last.instances where instance.lane != nil {
      elsewhere.enter()
      Deadline.detach("plugin-end") {
        instance.end()
        elsewhere.leave()
      }
    }
    var busy: [String] = []
    for instance in last.instances.reversed() where instance.lane == nil {
      if instance.inFlight.count == 0 { instance.end() } else { busy.append(instance.name) }
    }
    elsewhere.wait()
    return busy
  }

  /// The code of a plugin, without an instance. Of a library `copy` is what is opened.
  package static func load(
    _ code: Request.Code, copy: String? = nil
  ) throws(PluginError) -> LoadedPlugin {
    switch code {
    case .builtin(let entry): try LoadedPlugin(builtin: entry)
    case .library(let name, let path): try LoadedPlugin(path: path, name: name, copy: copy)
    case .isolated(let plan): try LoadedPlugin(isolated: plan.reading(copy ?? plan.file))
    }
  }

  private static func checkDependencies(
    of manifest: Manifest, among running: [PluginInstance]
  ) throws(PluginError) {
    for need in manifest.depends where !need.isOptional {
      let wanted = need.version.isEmpty ? need.plugin : "\(need.plugin) \(need.version)"
      guard let running = running.first(where: { $0.name == need.plugin }) else {
        throw PluginError(
          .dependency,
          "\(manifest.name) needs the plugin \(wanted), which does not run; enable it, above "
            + "\(manifest.name) in plugins.yaml")
      }
      guard let oldest = Manifest.Version(need.version) else { continue }
      guard Manifest.Version(running.manifest.version)?.serves(oldest) == true else {
        throw PluginError(
          .dependency,
          "\(manifest.name) needs the plugin \(wanted), have \(running.manifest.version); "
            + "install a version that fits")
      }
    }
  }

  /// Creates, enrolls and starts an instance, and tries it beside those it will run with. All or
  /// nothing: a failure leaves only the reason.
  func make(
    _ code: LoadedPlugin, _ settings: Settings, beside others: [PluginInstance],
    state: [UInt8]? = nil
  ) throws(PluginError) -> (PluginInstance, PluginSet) {
    try Self.checkDependencies(of: code.manifest, among: others)
    let instance = try instance(of: code, settings, state)
    do throws(PluginError) {
      let set = try PluginSet(
        version: set.version + 1, others + [instance], placements: placements.withLock { $0 })
      services.log.info(
        "plugin running",
        metadata: [
          "plugin": "\(instance.name)", "version": "\(instance.manifest.version)",
          "origin": "\(instance.origin)", "mode": "\(instance.lane == nil ? "inproc" : "isolated")",
        ])
      return (instance, set)
    } catch {
      instance.end()
      throw error
    }
  }

  /// Whether an instance that was made fits those that run by now.
  func check(
    _ instance: PluginInstance, beside others: [PluginInstance]
  ) throws(PluginError) {
    try Self.checkDependencies(of: instance.manifest, among: others)
    _ = try PluginSet(
      version: 0, others + [instance], placements: placements.withLock { $0 })
  }

  private func instance(
    of code: LoadedPlugin, _ settings: Settings, _ state: [UInt8]?
  ) throws(PluginError) -> PluginInstance {
    guard let plan = code.isolation else {
      return try PluginInstance(
        code, settings: settings, services: services, store: store, state: state)
    }
    return try PluginInstance(
      try IsolatedLane(plan, services: services) { [weak self] in
        self?.givenUp.withLock { $0 }($0, $1)
      },
      settings: settings, services: services, store: store, state: state)
  }

  /// Remembers and reports a plugin the server runs without.
  func refuse(_ name: String, _ error: PluginError) {
    let error = error.code == .startFailed ? error.saying("the server runs without it") : error
    refused.withLock { list in
      list.removeAll { $0.plugin == name }
      list.append(Refusal(plugin: name, error: error))
    }
    services.log.error("plugin refused", metadata: ["plugin": "\(name)", "reason": "\(error)"])
  }

  /// A plugin that runs, or is off, is no longer one the server runs without.
  func settle(refusals isStill: (String) -> Bool) {
    refused.withLock { list in list.removeAll { !isStill($0.plugin) } }
  }
}
