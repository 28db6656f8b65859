import Journal
import Logging
import PluginRuntime
import Store

/// Makes the pipeline out of what was made before it.
struct PipelineAssembly {
  let host: HostSettings
  let journal: Journal
  let store: Store
  let workingSet: WorkingSet
  let runtime: PluginRuntime
  let builder: BatchBuilder
  let registry: AppRegistry
  let services: HostServices
  let outbox: Outbox
  let faults: FaultPoints
  let outcomes: LedgerTally.Counters
  let breadcrumb: Breadcrumb
  let log: Logger

  /// Whom the last run accused is watched from the first call on.
  func pipeline(_ suspects: Suspects) throws -> Pipeline {
    breadcrumb.install()
    runtime.watchIntake(breadcrumb, suspects)
    let dispatcher = runtime.dispatcher(breadcrumb: breadcrumb, suspects: suspects)
    let commands = CommandApplier(
      workingSet: workingSet, dispatcher: dispatcher, registry: registry)
    return try Pipeline(
      .init(
        journal: journal, store: store, workingSet: workingSet, runtime: runtime,
        dispatcher: dispatcher,
        makeCounter: { [workingSet, builder, registry, outcomes, log] factNames in
          BatchCounter(
            workingSet: workingSet, dispatcher: dispatcher, builder: builder, registry: registry,
            factNames: factNames, counters: outcomes, log: log)
        }, catchUp: catchUp(commands), router: router(dispatcher, commands), lanes: lanes,
        suspectsPath: host.suspectsPath, limits: host.limits, log: log, faults: faults,
        replay: replay(dispatcher, commands)),
      breadcrumb: breadcrumb)
  }

  private func catchUp(_ commands: CommandApplier) -> CatchUp {
    CatchUp(
      store: store, workingSet: workingSet, table: builder.table,
      retentionMonths: host.limits.rawRetentionMonths, registry: registry, commands: commands,
      log: log)
  }

  private func router(_ dispatcher: Dispatcher, _ commands: CommandApplier) -> EntryRouter {
    EntryRouter(
      .init(
        store: store, dispatcher: dispatcher, workingSet: workingSet, commands: commands,
        desk: services.desk, outbox: outbox, clearer: services.clearer, log: log))
  }

  /// Each lane reads batches of its own.
  private var lanes: CommittedLanes {
    CommittedLanes(store: store, log: log) { [self] in
      CommittedBatches(
        store: store, table: builder.table, retentionMonths: host.limits.rawRetentionMonths,
        registry: registry)
    }
  }

  private func replay(_ dispatcher: Dispatcher, _ commands: CommandApplier) -> DeadLetterReplay {
    DeadLetterReplay(
      store: store, workingSet: workingSet, dispatcher: dispatcher,
      builder: BatchBuilder(
        retentionMonths: host.limits.rawRetentionMonths, table: builder.table),
      registry: registry, commands: commands)
  }
}
