import Logging
import Synchronization

/// Does what `LifecycleMachine` decides: loads, starts, publishes, drains and destroys. One change
/// at a time, any thread.
package final class Lifecycle: Sendable {
  /// One plugin as the configuration has it.
  package struct Plugin {
    package let name: String
    package let isEnabled: Bool
    let code: PluginRuntime.Request.Code
    package let settings: [GivenSetting]
    let placement: Placement
    let pins: PluginPins
    /// How the library runs when it has to in a process of its own.
    let isolation: IsolationPlan?

    package init(
      name: String, isEnabled: Bool, code: PluginRuntime.Request.Code, settings: [GivenSetting],
      placement: Placement = Placement(), pins: PluginPins = PluginPins(),
      isolation: IsolationPlan? = nil
    ) {
      self.isolation = isolation
      self.placement = placement
      self.pins = pins
      self.name = name
      self.isEnabled = isEnabled
      self.code = code
      self.settings = settings
    }
  }

  /// What the pipeline is to the lifecycle.
  package struct Taker: Sendable {
    /// Tells it that something was published.
    let wake: @Sendable () -> Void
    /// Whether it calls no older set than this, waiting for so many seconds.
    let hasTaken: @Sendable (_ version: Int, _ seconds: Double) -> Bool
    /// Does something between two batches, and waits for it.
    let betweenBatches: @Sendable (_ body: @escaping () -> Void) -> Void

    package init(
      wake: @escaping @Sendable () -> Void,
      hasTaken: @escaping @Sendable (_ version: Int, _ seconds: Double) -> Bool,
      betweenBatches: @escaping @Sendable (_ body: @escaping () -> Void) -> Void
    ) {
      self.wake = wake
      self.hasTaken = hasTaken
      self.betweenBatches = betweenBatches
    }
  }

  /// Copies of one plugin's code in one process after which a restart is recommended: each costs
  /// about 0.1 MB that is never given back.
  package static let generationsToWarn = 64
  /// How long a change waits for the pipeline before it goes on without.
  static let takeSeconds = 5.0

  struct State {
    var machine = LifecycleMachine()
    var instances: [LifecycleMachine.Serial: PluginInstance] = [:]
    /// By name and hash; code is never unloaded.
    var loaded: [String: LoadedPlugin] = [:]
    /// Code that was not there in time, by name and hash: still awaited, or given up.
    var slow: [String: SlowLoad] = [:]
    /// Whose libraries are being mapped, in the order in which that began: the dynamic loader maps one
    /// at a time.
    var mapping: [String] = []
    /// Which copy of its plugin's code each is, by name and hash.
    var numbers: [String: Int] = [:]
    var generations: [String: Int] = [:]
    /// What was wanted last.
    var wanted: [Plugin] = []
    var verdicts: Verdicts
    var probations: [String: Probation] = [:]
    var draining: [LifecycleMachine.Serial: (since: Double, isReported: Bool)] = [:]
    var taker: Taker?
    var quarantine: Quarantine
    /// Who ended the process before, until that was judged.
    var accused: [String: Breadcrumb.Death] = [:]
    /// The server ends.
    var isClosed = false
  }

  let runtime: PluginRuntime
  let cache: CodeCache
  /// Monotonic seconds.
  let now: @Sendable () -> Double
  let state: Mutex<State>
  /// Calls of plugins that take long, and that nobody waits for but who asks.
  let awaited = Awaited()
  /// Where verdicts over code are remembered; nil to forget them at the end.
  let verdictsPath: String?
  let changing = Mutex(())

  /// The paths are where verdicts over code and quarantined plugins are remembered; without them
  /// they are forgotten at the end.
  package init(
    runtime: PluginRuntime, cache: CodeCache, verdictsPath: String? = nil,
    quarantinePath: String? = nil, now: @escaping @Sendable () -> Double
  ) {
    self.runtime = runtime
    self.cache = cache
    self.verdictsPath = verdictsPath
    self.now = now
    state = Mutex(
      State(
        verdicts: verdictsPath.map { Verdicts(path: $0) } ?? Verdicts(),
        quarantine: Quarantine(path: quarantinePath)))
    watchLanes()
  }

  var log: Logger { runtime.services.log }

  /// From here on changes wait until the pipeline has taken them over.
  package func connect(_ taker: Taker) {
    state.withLock { $0.taker = taker }
  }

  // MARK: Changes

  /// Makes what runs what is wanted. Throws, and changes nothing, when a setting is invalid and
  /// `isStrict`; otherwise that plugin alone is refused. `again` tries what failed before. Of a
  /// plugin that needs longer than `patience` to load or start, what ran goes on until it is there.
  package func apply(
    _ plugins: [Plugin], isStrict: Bool, again: Bool = false,
    patience: Double = Deadline.patienceSeconds
  ) throws(PluginError) {
    var failure: PluginError?
    changing.withLock { _ in
      do throws(PluginError) {
        try follow(plugins, isStrict: isStrict, again: again, patience: patience)
      } catch { failure = error }
    }
    if let failure { throw failure }
  }

  private func follow(
    _ plugins: [Plugin], isStrict: Bool, again: Bool, patience: Double
  ) throws(PluginError) {
    forgive(plugins, again: again)
    if again {
      acquit()
      forgetSlowLoads()
    }
    var wanted: [LifecycleMachine.Wanted] = []
    for plugin in plugins {
      wanted.append(try prepare(plugin, isStrict: isStrict, patience: patience))
    }
    if isStrict { try checkNeeds(among: wanted) }
    let isReordered = try place(plugins, isStrict: isStrict)
    let version = runtime.set.version
    let source = UncheckedPlugins(plugins: plugins)
    state.withLock { $0.wanted = source.plugins }
    perform(patience: patience) { $0.want(wanted, again: again) }
    if isReordered, runtime.set.version == version { reorder() }
  }

  /// Follows what was wanted last once more: code that took long to load is there.
  func followAgain(patience: Double = Deadline.patienceSeconds) {
    changing.withLock { _ in
      let source = state.withLock { UncheckedPlugins(plugins: $0.wanted) }
      try? follow(source.plugins, isStrict: false, again: false, patience: patience)
    }
  }

  /// C functions may be called from anywhere.
  private struct UncheckedPlugins: @unchecked Sendable {
    let plugins: [Plugin]
  }

  /// Waits for what takes long to load or to start, of one plugin or of all.
  package func waitUntilSettled(_ name: String? = nil) { awaited.wait(for: name) }

  /// Does something while nothing else changes.
  func changeAlone(_ body: () -> Void) { changing.withLock { _ in body() } }

  /// Goes back to the code before, as the first minute's judgement or an operator asks.
  package func rollBack(_ name: String, reason: String) {
    changing.withLock { _ in
      log.error("new code is rolled back", metadata: ["plugin": "\(name)", "reason": "\(reason)"])
      convict(name, reason: "rolled back: " + reason)
      perform { $0.rollBack(name, reason: "rolled back: " + reason) }
    }
  }

  /// Nothing changes any more: what is being started is not published.
  package func close() { state.withLock { $0.isClosed = true } }

  /// Every plugin the configuration names, in its order.
  package var statuses: [PluginStatus] {
    let (all, verdicts) = state.withLock { state in
      (state.machine.statuses(generations: state.generations), state.verdicts)
    }
    return all.map { status in
      var status = status.withoutLane
      status.rolledBack = verdicts[status.name].map { Self.sha256(of: $0.bad) }
      return status
    }
  }

  /// Instances that are off or replaced and not yet destroyed.
  package var drainingCount: Int { state.withLock { $0.draining.count } }

  // MARK: Performing

  func perform(
    patience: Double = Deadline.patienceSeconds,
    _ decide: (inout LifecycleMachine) -> [LifecycleMachine.Action]
  ) {
    var first = state.withLock { decide(&$0.machine) }
    first += change(first)
    for case .start(let serial) in first { start(serial, patience: patience) }
    settle()
  }

  /// Makes everything that was told back visible.
  func settle() {
    guard !state.withLock({ $0.isClosed }) else { return }
    let then = state.withLock { $0.machine.settle() }
    let version = publish(then)
    for case .retire(let serial) in then { retire(serial, after: version) }
    let statuses = statuses
    runtime.settle(refusals: { name in
      statuses.contains { $0.name == name && [.refused, .failed, .quarantined].contains($0.state) }
    })
  }

  /// What the code that runs leaves to the code that takes its place.
  func stateLeft(to serial: LifecycleMachine.Serial) -> [UInt8]? {
    let (old, taker) = state.withLock { state in
      (state.machine.predecessor(of: serial).flatMap { state.instances[$0] }, state.taker)
    }
    guard let old, old.hasState else { return nil }
    guard let taker else { return old.exportState() }
    let left = Mutex<[UInt8]?>(nil)
    taker.betweenBatches {
      let exported = old.exportState()
      left.withLock { $0 = exported }
    }
    return left.withLock { $0 }
  }

  /// The version of what was published, if anything was.
  private func publish(_ actions: [LifecycleMachine.Action]) -> Int {
    var version = runtime.set.version
    for case .publish(let serials) in actions {
      let (instances, taker) = state.withLock { state in
        (serials.compactMap { state.instances[$0] }, state.taker)
      }
      do throws(PluginError) {
        let set = try PluginSet(
          version: version + 1, instances, placements: runtime.placements.withLock { $0 })
        version = set.version
        beginProbations(actions)
        runtime.publish(set)
      } catch { preconditionFailure("plugins that started together do not fit: \(error)") }
      taker?.wake()
      if taker?.hasTaken(version, Self.takeSeconds) == false {
        log.error("the pipeline is busy and has not taken a change of plugins yet")
      }
    }
    return version
  }

  /// Replaced code is the measure of the code that replaces it.
  private func beginProbations(_ actions: [LifecycleMachine.Action]) {
    let now = now()
    state.withLock { state in
      for case .retire(let serial) in actions {
        guard let old = state.instances[serial], let name = state.machine.owner(of: serial) else {
          continue
        }
        state.probations[name] = nil
        guard state.machine.running(name)?.canGoBack == true else { continue }
        let counts = old.counts.reading
        state.probations[name] = Probation(began: now, old: counts)
      }
    }
  }

  /// Off the caller's thread, because a plugin may take its time; nobody else waits for it.
  private func retire(_ serial: LifecycleMachine.Serial, after version: Int) {
    let now = now()
    let (instance, taker) = state.withLock { state in
      state.draining[serial] = (now, false)
      return (state.instances[serial], state.taker)
    }
    guard let instance else { return }
    Deadline.detach("plugin-drain") { [self] in
      while taker?.hasTaken(version, 1) == false {}
      instance.drain()
      instance.waitUntilIdle()
      instance.destroy()
      state.withLock {
        $0.instances[serial] = nil
        $0.draining[serial] = nil
        $0.machine.ended(serial)
      }
      log.info("plugin instance ended", metadata: ["plugin": "\(instance.name)"])
    }
  }

  static func key(_ name: String, _ code: String) -> String { name + " " + code }
}
