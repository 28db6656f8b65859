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

    package init(
      name: String, isEnabled: Bool, code: PluginRuntime.Request.Code, settings: [GivenSetting],
      placement: Placement = Placement(), pins: PluginPins = PluginPins()
    ) {
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
    var generations: [String: Int] = [:]
    var probations: [String: Probation] = [:]
    var draining: [LifecycleMachine.Serial: (since: Double, isReported: Bool)] = [:]
    var taker: Taker?
    var quarantine: Quarantine
    /// The server ends.
    var isClosed = false
  }

  let runtime: PluginRuntime
  let cache: CodeCache
  /// Monotonic seconds.
  let now: @Sendable () -> Double
  let state: Mutex<State>
  let changing = Mutex(())

  /// `quarantinePath` is where quarantined plugins are remembered; without it they are not.
  package init(
    runtime: PluginRuntime, cache: CodeCache, quarantinePath: String? = nil,
    now: @escaping @Sendable () -> Double
  ) {
    self.runtime = runtime
    self.cache = cache
    self.now = now
    state = Mutex(State(quarantine: Quarantine(path: quarantinePath)))
    watchLanes()
  }

  var log: Logger { runtime.services.log }

  /// From here on changes wait until the pipeline has taken them over.
  package func connect(_ taker: Taker) {
    state.withLock { $0.taker = taker }
  }

  // MARK: Changes

  /// Makes what runs what is wanted. Throws, and changes nothing, when a setting is invalid and
  /// `isStrict`; otherwise that plugin alone is refused. `again` tries what failed before.
  package func apply(
    _ plugins: [Plugin], isStrict: Bool, again: Bool = false
  ) throws(PluginError) {
    var failure: PluginError?
    changing.withLock { _ in
      do throws(PluginError) {
        forgive(plugins, again: again)
        var wanted: [LifecycleMachine.Wanted] = []
        for plugin in plugins { wanted.append(try prepare(plugin, isStrict: isStrict)) }
        if isStrict { try checkNeeds(among: wanted) }
        let isReordered = try place(plugins, isStrict: isStrict)
        let version = runtime.set.version
        perform { $0.want(wanted, again: again) }
        if isReordered, runtime.set.version == version { reorder() }
      } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Goes back to the code before, as the first minute's judgement or an operator asks.
  package func rollBack(_ name: String, reason: String) {
    changing.withLock { _ in
      log.error("new code is rolled back", metadata: ["plugin": "\(name)", "reason": "\(reason)"])
      perform { $0.rollBack(name, reason: "rolled back: " + reason) }
    }
  }

  /// Nothing changes any more: what is being started is not published.
  package func close() { state.withLock { $0.isClosed = true } }

  /// Every plugin the configuration names, in its order.
  package var statuses: [PluginStatus] {
    state.withLock { $0.machine.statuses(generations: $0.generations) }.map(\.withoutLane)
  }

  /// Instances that are off or replaced and not yet destroyed.
  package var drainingCount: Int { state.withLock { $0.draining.count } }

  // MARK: Performing

  func perform(_ decide: (inout LifecycleMachine) -> [LifecycleMachine.Action]) {
    let first = state.withLock { decide(&$0.machine) }
    for case .start(let serial) in first { start(serial) }
    guard !state.withLock({ $0.isClosed }) else { return }
    let then = state.withLock { $0.machine.settle() }
    let version = publish(then)
    for case .retire(let serial) in then { retire(serial, after: version) }
    let statuses = statuses
    runtime.settle(refusals: { name in
      statuses.contains { $0.name == name && [.refused, .failed, .quarantined].contains($0.state) }
    })
  }

  private func start(_ serial: LifecycleMachine.Serial) {
    let parts = state.withLock { state in
      let name = state.machine.owner(of: serial) ?? ""
      let source = state.machine.source(of: serial)
      return (
        name: name, settings: source?.settings,
        code: source.flatMap { state.loaded[Self.key(name, $0.code)] },
        others: state.machine.others(than: serial).compactMap { state.instances[$0] }
      )
    }
    guard let code = parts.code, let settings = parts.settings else {
      preconditionFailure("an instance is started whose code was never loaded")
    }
    let (runtime, left) = (runtime, stateLeft(to: serial))
    let result = Deadline.run(
      "plugin-start", seconds: Deadline.startSeconds, late: { try? $0.get().end() },
      { () -> Result<PluginInstance, PluginError> in
        do throws(PluginError) {
          return .success(
            try runtime.make(code, settings, beside: parts.others, state: left).0)
        } catch { return .failure(error) }
      })
    switch result ?? .failure(Self.tooSlow(parts.name)) {
    case .success(let instance):
      state.withLock {
        $0.instances[serial] = instance
        $0.machine.started(serial)
      }
    case .failure(let error):
      let goesOn = state.withLock { state in
        state.machine.failed(serial, error, hangs: result == nil)
        return state.machine.running(parts.name) != nil
      }
      guard goesOn else { return runtime.refuse(parts.name, error) }
      log.error(
        "what is new of a plugin is refused; what ran goes on",
        metadata: ["plugin": "\(parts.name)", "reason": "\(error)"])
    }
  }

  /// What the code that runs leaves to the code that takes its place.
  private func stateLeft(to serial: LifecycleMachine.Serial) -> [UInt8]? {
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
        let counts = old.counts.current
        state.probations[name] = Probation(
          began: now, calls: counts.calls, errors: counts.errors)
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

  private static func tooSlow(_ name: String) -> PluginError {
    PluginError(
      .startFailed,
      "\(name): create, enroll and start did not come back within \(Int(Deadline.startSeconds)) s; "
        + "the server runs without it")
  }

  static func key(_ name: String, _ code: String) -> String { name + " " + code }
}
