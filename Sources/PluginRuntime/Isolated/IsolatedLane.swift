import Foundation
import Logging
import PluginABI
import Store

/// One plugin in a process of its own: starts its runner, and starts it again when it died, until it
/// has failed too often. Hooks, questions and the end are in files of their own.
package final class IsolatedLane: @unchecked Sendable {
  let plan: IsolationPlan
  let manifest: Manifest
  let output: RunnerOutput
  private let log: Logger
  private let keeper: RunnerKeeper
  private let services: HostTable.Services
  /// The plugin's services; nil where the host offers none.
  let context: ServiceContext?
  private let descriptorHash: UInt64
  /// Whether it takes other settings over while it runs.
  let takesSettings: Bool
  /// What the first runner registered; a later one must register the same.
  private var registrations: [UInt8] = []
  /// Whether it has anything to leave to the code that takes its place.
  private(set) var hasState = false
  /// Names the first runner interned. Later ones are told, the batch builder is not asked again.
  private var interned: [[UInt8]: UInt32] = [:]

  /// Told once why the plugin is given up, on any thread; must not wait.
  private let onGiveUp: @Sendable (IsolatedLane, String) -> Void

  /// Held while a runner is started again, which takes its time.
  private let startLock = NSLock()
  /// Guards the runner and everything below.
  private let lock = NSLock()
  private var runner: RunnerProcess?
  private var window = FaultWindow()
  private var restAt: ContinuousClock.Instant?
  private var numbers = IsolationStatus()
  private var hasBegun = false
  private var isEnded = false
  private var inForce = Settings()
  /// Settings handed to runners, which keep them.
  private var settingsGiven = 0

  // One call of each kind at a time.
  let hookLock = NSLock()
  let questionLock = NSLock()
  let commitLock = NSLock()
  let jobLock = NSLock()
  let intakeLock = NSLock()
  let intakeGate: IntakeGate
  var loader: BatchLoader
  var commitLoader = BatchLoader(nil)
  var wants: Wire.Wants = []
  var epoch: UInt64 = 1
  var lastPosition: UInt64 = 0
  var lastSerial: UInt64 = 0
  var lastWasOld = false
  /// Why a batch could not be taken whole, until its culprit is found.
  var incident: String?
  /// The runner whose memory holds the batch.
  weak var loadedInto: RunnerProcess?
  /// The last position of the last batch it took.
  var seenPosition: UInt64?
  var seenSerial: UInt64 = 0
  /// The last position this plugin saw before it was given up.
  package internal(set) var frozenPosition: UInt64?

  /// Starts a runner and has it open the library: from here on the plugin's descriptor is known.
  package init(
    _ plan: IsolationPlan, services: HostTable.Services,
    onGiveUp: @escaping @Sendable (IsolatedLane, String) -> Void = { _, _ in }
  ) throws(PluginError) {
    self.plan = plan
    self.onGiveUp = onGiveUp
    self.services = services
    var log = services.log
    log[metadataKey: "plugin"] = "\(plan.name)"
    self.log = log
    output = RunnerOutput(
      plugin: plan.name, log: services.log, secrets: services.secrets.of(plan.name),
      linesPerSecondMax: plan.limits.linesPerSecondMax)
    keeper = RunnerKeeper(plan, output: output, batches: services.batches)
    loader = BatchLoader(services.batches)
    intakeGate = IntakeGate(plugin: plan.name, window: plan.limits.intakeDeadline)
    do throws(PluginError) {
      let runner = try keeper.start()
      self.runner = runner
      numbers.process = runner.identifier
      do throws(PluginError) {
        let loaded = try RunnerStart(plan, runner).load()
        (manifest, descriptorHash) = (loaded.manifest, loaded.hash)
        takesSettings = loaded.takesSettings
      } catch {
        runner.kill(because: "it could not be loaded")
        throw error
      }
      context = services.host.map {
        ServiceContext(
          plugin: plan.name, host: $0, costs: services.accounts.account(plan.name),
          secrets: services.secrets.of(plan.name),
          crumb: CallCrumb(nil, plan.name, .job, code: 0), log: log)
      }
    } catch {
      keeper.close()
      throw error
    }
  }

  /// Who a plugin is: a runner opens it, says so and ends.
  static func inspect(
    _ plan: IsolationPlan
  ) throws(PluginError) -> (manifest: Manifest, takesSettings: Bool) {
    let services = HostTable.Services(
      log: Logger(label: plan.name) { _ in SwiftLogNoOpLogHandler() }, productVersion: "",
      intern: { _ in 0 })
    let lane = try IsolatedLane(plan, services: services)
    lane.end()
    return (lane.manifest, lane.takesSettings)
  }

  /// Creates, enrolls and starts the plugin with settings that the host has checked. `state` is what
  /// another generation of its code left.
  package func begin(
    _ settings: Settings, state: [UInt8]? = nil
  ) throws(PluginError) -> Enrollment {
    use(settings)
    guard let runner = lock.withLock({ runner }) else {
      throw PluginError(.runner, "\(plan.name): its runner has ended")
    }
    do throws(PluginError) {
      let begun = try start(runner, state: state, isFirst: true)
      registrations = begun.registrations
      hasState = begun.hasState
      if let reason = begun.stateRefusal {
        services.log.warning(
          "a plugin starts without the state of the code before it",
          metadata: ["plugin": "\(plan.name)", "reason": "\(reason)"])
      }
      context?.seal()
      let enrollment = try registrations.withUnsafeBytesTyped { bytes throws(PluginError) in
        try EnrollmentWire.read(bytes, of: manifest)
      }
      hasBegun = true
      return enrollment
    } catch {
      runner.kill(because: "it could not be started")
      keeper.close()
      throw error
    }
  }

  /// Calls of services are made as those of create, enroll and start.
  private func start(
    _ runner: RunnerProcess, state: [UInt8]? = nil, isFirst: Bool
  ) throws(PluginError) -> RunnerStart.Begun {
    let before = ThreadKind.become(.control)
    defer { ThreadKind.become(before) }
    var replay = serviceReplay
    replay.isAgain = !isFirst
    replay.intern = { [self] name in
      if let known = interned[name] { return known }
      guard isFirst else { return 0 }
      let number = services.intern(name)
      interned[name] = number
      return number
    }
    return try RunnerStart(plan, runner).begin(
      settings, state: state, version: services.productVersion, services: replay)
  }

  /// Performs what the plugin asks of services.
  var serviceReplay: ServiceReplay { ServiceReplay(context: context, appID: services.appID) }

  // MARK: State

  /// What the plugin works with, and what its next runner is started with.
  var settings: Settings { lock.withLock { inForce } }

  func use(_ settings: Settings) { lock.withLock { inForce = settings } }

  /// Whether it may be handed settings once more.
  var hasRoomForSettings: Bool { lock.withLock { settingsGiven < HostTable.settingsMax } }

  func countSettings() { lock.withLock { settingsGiven += 1 } }

  /// What became of it so far.
  package var status: IsolationStatus {
    lock.withLock {
      var status = numbers
      status.droppedLines = output.droppedLines
      return status
    }
  }

  /// Why the plugin was given up, or nil while it takes calls.
  var quarantine: String? { lock.withLock { numbers.quarantine } }

  /// Whether there is a runner at this moment.
  var isRunning: Bool { lock.withLock { runner?.hasEnded == false } }

  /// The runner, started again when it has died and rested.
  func live() throws(PluginError) -> RunnerProcess {
    startLock.lock()
    defer { startLock.unlock() }
    while true {
      if let runner = try survivor() { return runner }
      if let restAt = lock.withLock({ restAt }) {
        Thread.sleep(forTimeInterval: restAt.secondsFromNow)
      }
      do throws(PluginError) { return try restart() } catch {
        // It may have died of something else on its way; one fault too many and it is given up.
        lock.withLock {
          restAt = .now + window.death(at: .now)
          _ = fault("cannot be started again: \(error.message)")
        }
      }
    }
  }

  /// The runner, while it lives.
  private func survivor() throws(PluginError) -> RunnerProcess? {
    lock.lock()
    defer { lock.unlock() }
    if let reason = numbers.quarantine { throw PluginError(.quarantined, reason) }
    guard !isEnded else { throw PluginError(.runner, "\(plan.name) has ended") }
    guard let runner, runner.hasEnded else { return self.runner }
    // It died while nobody was looking: a thread of the plugin did that.
    let (end, sentence) = runner.waitForEnd()
    let reason = sentence ?? "ended its runner with \(end.words) between calls"
    bury(runner, reason)
    // Whoever waited for it says so.
    if runner.endedBetweenCalls, fault(reason) {
      throw PluginError(.quarantined, numbers.quarantine ?? "")
    }
    return nil
  }

  private func restart() throws(PluginError) -> RunnerProcess {
    let fresh = try keeper.start()
    do throws(PluginError) {
      let hash = try RunnerStart(plan, fresh).load().hash
      let begun = try start(fresh, isFirst: false)
      guard hash == descriptorHash, begun.registrations == registrations else {
        throw PluginError(
          .runner,
          "\(plan.name): \(plan.path) changed under the running plugin; restart Tally to use it")
      }
    } catch {
      fresh.kill(because: "it could not be started again")
      throw error
    }
    let isWanted = lock.withLock {
      if !isEnded {
        runner = fresh
        numbers.process = fresh.identifier
        numbers.restarts += 1
      }
      return !isEnded
    }
    guard isWanted else {
      fresh.kill(because: "the plugin has ended")
      throw PluginError(.runner, "\(plan.name) has ended")
    }
    services.accounts.account(plan.name).restarted()
    log.info("runner started again", metadata: ["pid": "\(fresh.identifier)"])
    return fresh
  }

  /// Notes that a runner is dead. The first to notice says why.
  func noteDeath(of dead: RunnerProcess, _ reason: String) {
    lock.withLock { bury(dead, reason) }
  }

  private func bury(_ dead: RunnerProcess, _ reason: String) {
    guard runner === dead else { return }
    runner = nil
    numbers.process = nil
    let rest = window.death(at: .now)
    restAt = .now + rest
    log.error(
      "isolated plugin failed; its runner is started again",
      metadata: ["reason": "\(reason)", "pid": "\(dead.identifier)"])
  }

  /// Notes a fault of the plugin; true when it was one too many.
  @discardableResult
  func noteFault(_ reason: String) -> Bool { lock.withLock { fault(reason) } }

  private func fault(_ reason: String) -> Bool {
    numbers.faults += 1
    guard window.fault(at: .now) else { return false }
    return giveUp(
      "\(FaultWindow.faultsMax) faults within \(FaultWindow.span.components.seconds / 60) minutes, "
        + "the last: \(reason)")
  }

  private func giveUp(_ reason: String) -> Bool {
    guard numbers.quarantine == nil else { return true }
    numbers.quarantine = "quarantined: \(reason)"
    runner?.kill(because: "the plugin is quarantined")
    runner = nil
    numbers.process = nil
    if !isEnded { onGiveUp(self, reason) }
    return true
  }

  /// Notes system calls that a runner says were refused so far.
  func note(_ refused: RefusedCalls, of runner: RunnerProcess) {
    guard refused.count > runner.refusedCalls else { return }
    let isFirst = runner.refusedCalls == 0
    lock.withLock { numbers.refusedCalls += refused.count - runner.refusedCalls }
    runner.refusedCalls = refused.count
    guard isFirst else { return }
    log.warning(
      "a system call of an isolated plugin was refused", metadata: ["call": "\(refused.first)"])
  }

  // MARK: The end

  /// Ends a runner that did nothing wrong, unless something else is under way in it; the next call
  /// starts another. Called with the lock of hooks held.
  func retire(_ old: RunnerProcess) {
    let limit = Date(timeIntervalSinceNow: plan.limits.endDeadline.seconds)
    let locks = [questionLock, commitLock, jobLock, intakeLock]
    let held = locks.prefix { $0.try() }
    defer { held.forEach { $0.unlock() } }
    guard held.count == locks.count else { return }
    lock.withLock {
      guard runner === old else { return }
      runner = nil
      numbers.process = nil
    }
    finish(old, until: limit)
  }

  private func finish(_ last: RunnerProcess, until limit: Date) {
    last.hooks.send(.end, length: 0)
    guard !last.waitForEnd(until: limit) else { return }
    log.warning("the runner did not end in time and was ended")
    last.kill(because: "it did not end in time")
  }

  /// Drain, stop, destroy; a runner that takes too long, in these or in a call, is ended.
  package func end() {
    let limit = Date(timeIntervalSinceNow: plan.limits.endDeadline.seconds)
    let last = lock.withLock { () -> RunnerProcess? in
      isEnded = true
      defer { runner = nil }
      return runner
    }
    intakeGate.close()
    if let last { end(last, until: limit) }
    keeper.close()
  }

  private func end(_ last: RunnerProcess, until limit: Date) {
    let locks = [hookLock, questionLock, commitLock, jobLock, intakeLock]
    let held = locks.prefix { $0.lock(before: limit) }
    defer { held.forEach { $0.unlock() } }
    if held.count == locks.count { return finish(last, until: limit) }
    log.warning("a call of the plugin did not end in time; its runner was ended")
    last.kill(because: "a call of it did not end in time")
  }
}

extension Duration {
  /// Seconds, for what counts in them.
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

extension ContinuousClock.Instant {
  fileprivate var secondsFromNow: Double {
    let (seconds, attoseconds) = ContinuousClock.now.duration(to: self).components
    return max(0, Double(seconds) + Double(attoseconds) / 1e18)
  }
}

extension [UInt8] {
  /// `withUnsafeBytes` that keeps the type of what is thrown.
  func withUnsafeBytesTyped<T, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> T
  ) throws(E) -> T {
    let result = withUnsafeBytes { bytes in Result { () throws(E) in try body(bytes) } }
    return try result.get()
  }
}
