import Builtins
import Foundation
import Journal
import Logging
import PluginABI
import PluginRuntime
import Store
import Synchronization

/// Everything behind HTTP: store, journal, plugins, pipeline. Made in the order in which data flows
/// back after a restart, ended in the order in which it flows forward.
final class Core: Sendable {
  let configuration: Configuration
  let store: Store
  let journal: Journal
  let runtime: PluginRuntime
  let lifecycle: Lifecycle
  let pipeline: Pipeline
  let registry: AppRegistry
  let directory: AppDirectory
  let members: MemberDirectory
  /// Who tried what they may not.
  let security: SecurityLog
  /// Values of namespaces that no plugin has.
  let spaces: ConfigurationSpaces
  /// Headers that all answers have.
  let answerHeaders = AnswerHeaders()
  /// What is logged of whom.
  let levels: LogLevels
  /// Writes what plugins have; nil until there is a server that has a file to write.
  let manager = Mutex<PluginManager?>(nil)
  let tokens: TokenKeeper
  /// Items that plugins could not take.
  let deadLetters: DeadLetterDesk
  /// What became of everything accepted.
  let ledger: LedgerDesk
  /// What happens now, for whoever looks.
  let live: LiveFeed
  /// Threads that answer questions.
  let readers = ReadPool(threads: ReadPool.standardThreads)
  /// Answers that are made already.
  let reads = ReadCache()
  /// Queries over raw items, and how long these are kept.
  let raw: RawQuestions
  let keeper: RawKeeper
  /// What the host does by itself now and then.
  let housekeeping: Housekeeping
  let services: HostServices
  let outbox: Outbox
  /// Tells of days that close.
  let days: DayWatch
  /// Countries and cities of addresses; nil without a file of places.
  let places: PlaceKeeper?
  /// Pictures that devices sent of their users.
  let pictures: PictureFolder
  /// What becomes of items.
  let outcomes = LedgerTally.Counters()
  /// What decoding counts.
  let decoding: BatchBuilder.Counters
  /// What a new data folder is told, once.
  let firstRun: FirstRun?
  let log: Logger
  /// Sees calls of plugins that do not return.
  let watch: CallWatch
  /// What the configuration says about plugins, in the words of the lifecycle.
  let plugins: PluginPlan
  /// What is read later is put in place later.
  let reloading = NSLock()

  /// `linked` are plugins that are linked in beside the built-ins.
  init(
    _ configuration: Configuration, linked: [Builtins.Builtin] = [], log: Logger,
    levels: LogLevels = LogLevels()
  ) throws {
    let host = configuration.host
    let faults = FaultPoints(ProcessInfo.processInfo.environment[FaultPoints.variable])
    (self.configuration, self.log, self.levels) = (configuration, log, levels)
    store = try Store.open(directory: host.data, tuning: StoreTuning(host))
    spaces = try ConfigurationSpaces(store, configuration)
    security = SecurityLog(store: store, log: log, proxies: host.trustedProxies)
    deadLetters = DeadLetterDesk(store: store)
    pictures = PictureFolder(host)
    firstRun = try FirstRun.make(in: store, host: host)
    journal = try Journal.open(
      JournalConfiguration(host, faults: faults), storePosition: store.committedPosition)
    ledger = LedgerDesk(store: store, journal: journal)
    let apps = try store.apps()
    registry = try AppRegistry(apps, spaces)
    directory = AppDirectory(apps.map { [spaces] in AppView($0, host, spaces) })
    members = MemberDirectory(try store.members(), vault: store.vault)
    tokens = try TokenKeeper(store: store, log: log)
    let workingSet = try store.workingSet(limits: .init(cacheBytesMax: host.limits.cacheBytesMax))
    let batches = try BatchMemory()
    let builder = BatchBuilder(
      retentionMonths: host.limits.rawRetentionMonths, memory: batches)
    decoding = builder.counters
    let services = try HostServices(
      store: store, journal: journal, registry: registry, members: members, settings: host,
      log: log, clock: .system)
    self.services = services
    outbox = try Outbox(
      journal: journal, store: store, partition: { services.partition(app: $0, device: $1) })
    let breadcrumb = try Breadcrumb(path: host.data + "/breadcrumb")
    let suspects = try Suspects(after: breadcrumb, path: host.suspectsPath, log: log)
    watch = CallWatch(
      breadcrumb, lateSeconds: host.limits.callSeconds, graceSeconds: host.limits.jobGraceSeconds,
      log: log)
    runtime = PluginRuntime(
      store: workingSet,
      services: .init(
        log: log, productVersion: Product.version, host: services,
        intern: { [table = builder.table] in table.intern($0) },
        appID: { [registry] in registry.snapshot.byNumber[$0]?.hexID }, trust: TrustPolicy(host),
        batches: batches, breadcrumb: breadcrumb),
      nearest: PluginConfiguration.nearest)
    days = DayWatch(registry: registry, happenings: runtime.happenings)
    lifecycle = try Lifecycle(runtime, data: host.data)
    places = try host.placeFile.map {
      try PlaceKeeper(path: $0, folder: host.data + "/cache", log: log)
    }
    plugins = PluginPlan(
      builtins: Builtins.entries(withFaultPoint: faults.isArmed(.hookTrap)) + linked)
    try plugins.begin(lifecycle, with: configuration, after: breadcrumb.deaths)
    pipeline = try PipelineAssembly(
      host: host, journal: journal, store: store, workingSet: workingSet, runtime: runtime,
      builder: builder, registry: registry, services: services, outbox: outbox, faults: faults,
      outcomes: outcomes, breadcrumb: breadcrumb, log: log
    ).pipeline(suspects)
    raw = RawQuestions(store: store, retentionMonths: host.limits.rawRetentionMonths)
    keeper = RawKeeper(store: store, limits: host.limits, registry: registry, log: log)
    housekeeping = Self.housekeeping(keeper, store, directory, tokens, log)
    live = LiveFeed(
      .init(
        store: store, gate: pipeline.gate, registry: registry,
        retentionMonths: host.limits.rawRetentionMonths, table: builder.table, clock: .system,
        log: log))
    connect()
  }

  /// Tells parts of each other that were made one after the other.
  private func connect() {
    follow()
    journal.report(to: log)
    services.connect(pipeline.gate)
    services.jobs.connect { [lifecycle] plugin, reason in
      lifecycle.quarantine(plugin, reason: reason)
    }
    connectWatch()
    services.clearer.connect { [weak self] app, clearing in self?.didClear(app, clearing) }
    let (pipeline, change) = (pipeline, pipeline.change)
    runtime.happenings.connect { [weak pipeline] in pipeline?.wake() }
    lifecycle.connect(
      .init(
        wake: { pipeline.wake() }, hasTaken: { change.hasTaken($0, seconds: $1) },
        betweenBatches: { body in
          // Where the pipeline ends, nothing needs what it would have done.
          try? change.perform(atRest: false, wake: { pipeline.wake() }, body)
        }))
  }

  /// Begins to count what the journal holds.
  func start() {
    places?.start()
    watch.start()
    pipeline.start()
    services.jobs.start()
    days.start()
    housekeeping.start()
  }

  /// Syncs everything that was accepted, commits it as far as the time reaches, then ends the
  /// plugins. Nothing may append any more.
  func stop(_ clock: StopClock) {
    live.stop()
    housekeeping.stop()
    days.stop()
    clock.enter(.jobs)
    if !services.jobs.stop(timeout: clock.remaining(.jobs)) { clock.leave("jobs") }
    clock.enter(.counting)
    places?.stop()
    journal.close()
    lifecycle.close()
    pipeline.stop(clock)
    clock.enter(.end)
    watch.stop()
    for plugin in runtime.stop() { clock.leave("calls of \(plugin)") }
    services.client.stop()
    let position = store.committedPosition
    do { try store.noteLastData(directory.snapshot.lastDataMs) } catch {
      log.warning("when keys were used last is not kept", metadata: ["error": "\(error)"])
    }
    do { try store.close() } catch {
      log.warning("the store did not close in order", metadata: ["error": "\(error)"])
    }
    log.info("stopped", metadata: ["position": "\(position)"])
  }

  /// The same for what stops without a signal.
  func stop() { stop(StopClock(log: log)) }
}
