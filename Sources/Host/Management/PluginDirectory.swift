import Builtins
import PluginRuntime
import Store

/// What is known about plugins at this moment: what runs, what it costs, what it keeps. Any thread.
struct PluginDirectory: Sendable {
  let core: Core
  let metrics: Metrics
  let survey: StorageSurvey

  /// All plugins in the order of the file, the built-ins first.
  func overview(storage patience: StorageSurvey.Patience = .soon) throws -> PluginOverview {
    let storage = survey.latest(patience)
    let letters = try core.store.deadLetterCounts()
    let instances = core.runtime.instances
    let rows = core.lifecycle.statuses.map { status in
      row(
        status, instances.first { $0.name == status.name }, letters[status.name] ?? 0,
        storage.map { $0[status.name] ?? PluginStorage() })
    }
    return PluginOverview(
      plugins: rows, accepted: metrics.requestsAccepted.count,
      durablePosition: core.journal.durablePosition, storePosition: core.store.committedPosition,
      milliseconds: Int64(Clock.monotonicSeconds * 1_000))
  }

  /// The calling order of all hooks, with causes.
  var order: [HookReport] {
    core.runtime.hookOrder.enumerated().map { HookReport(place: $0 + 1, $1) }
  }

  /// The settings of a running plugin; nil when it does not run.
  func settings(of plugin: String) -> [SettingReport]? {
    core.runtime.instances.first { $0.name == plugin }.map {
      SettingReport.list($0.manifest, $0.settings)
    }
  }

  private func row(
    _ status: PluginStatus, _ instance: PluginInstance?, _ letters: Int, _ storage: PluginStorage?
  ) -> PluginRow {
    let account = core.runtime.accounts.account(status.name)
    let isBuiltin = Builtins.names.contains(status.name)
    return PluginRow(
      enabled: ![.disabled, .draining].contains(status.state), code: status.name,
      title: Self.title(status.name), name: status.name,
      description: instance?.manifest.summary ?? status.name,
      version: instance?.manifest.version ?? "unknown",
      author: instance?.manifest.vendor.nonEmpty ?? "unknown",
      homepage: instance?.manifest.homepage ?? "",
      isPrepackaged: isBuiltin, state: status.state.rawValue, reason: status.reason,
      mode: isBuiltin ? "static" : instance?.lane == nil ? "inproc" : "isolated",
      origin: instance?.origin ?? "",
      sha256: status.code == Lifecycle.builtin ? nil : status.code, rolledBack: status.rolledBack,
      generation: status.generation, instances: account.instances, restarts: account.restarts,
      hooks: instance?.hookCount ?? 0, questions: instance?.questions ?? [],
      hookCalls: account[.hook].reading, reads: account[.question].reading,
      otherCalls: Dictionary(
        uniqueKeysWithValues: account.readings.filter {
          ![.hook, .question].contains($0.kind) && $0.reading.calls > 0
        }.map { ($0.kind.rawValue, $0.reading) }), drops: account.drops,
      lateCalls: lateCalls(of: status.name),
      overdueJobs: core.services.jobs.overdue(of: status.name),
      deadLetters: letters,
      lag: instance.map { core.pipeline.progress.lag(of: $0.number) } ?? 0, storage: storage)
  }

  private func lateCalls(of plugin: String) -> [String: Int] {
    let late = core.watch.late.filter { $0.plugin == plugin }
    return Dictionary(late.map { ($0.kind.rawValue, 1) }, uniquingKeysWith: +)
  }

  /// "star-rating" → "Star rating".
  private static func title(_ name: String) -> String {
    name.prefix(1).uppercased() + name.dropFirst().replacing("-", with: " ")
  }
}

extension String {
  /// Nil when there is nothing in it.
  fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
