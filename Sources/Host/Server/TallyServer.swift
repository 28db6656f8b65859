import Foundation
import Hummingbird
import Logging
import NIOPosix

/// `tally serve`, from an empty folder to the last synced byte.
enum TallyServer {
  /// Threads that answer people's pages.
  static let pageThreads = 2

  /// Runs until SIGTERM or SIGINT, and then ends the process. Throws what kept it from starting.
  static func run(_ configuration: Configuration) async throws {
    let levels = LogLevels()
    LoggingSystem.bootstrap { LeveledLog(StreamLogHandler.standardError(label: $0), levels) }
    let log = Logger(label: "tally")
    let folder = try DataFolder(locking: configuration.host.data)
    let core = try Core(configuration, log: log, levels: levels)
    let metrics = Metrics()
    core.publish(metrics)
    core.readers.start()
    let pages = NIOThreadPool(numberOfThreads: pageThreads)
    pages.start()
    core.start()
    do {
      try await serve(core, folder, metrics, pages)
    } catch {
      core.stop()
      throw error
    }
    core.readers.stop()
    try? await pages.shutdownGracefully()
    withExtendedLifetime(folder) { StopClock.endProcess() }
  }

  private static func serve(
    _ core: Core, _ folder: DataFolder, _ metrics: Metrics, _ pageThreads: NIOThreadPool
  ) async throws {
    let supervisor = try PluginSupervisor(
      core.configuration, lifecycle: core.lifecycle, plan: core.plugins,
      audit: ConfigurationAudit(core: core), log: core.log)
    let directory = PluginDirectory(
      core: core, metrics: metrics, survey: StorageSurvey(store: core.store, log: core.log))
    metrics.section { directory.prometheus() }
    let users = UserService(core: core)
    let routes = Routes(
      core: core, metrics: metrics, pageThreads: pageThreads, supervisor: supervisor,
      directory: directory, users: users)
    let http = HTTPServer(
      .init(core.configuration.host, places: core.places?.book, pictures: core.pictures),
      journal: core.journal,
      directory: core.directory,
      metrics: metrics, clock: { Clock.system.nowMs }, runtime: core.runtime, live: routes.door,
      rare: RareParts(
        commits: core.pipeline.gate, outgoing: core.services.client, headers: core.answerHeaders),
      responder: routes.responder, logger: core.log)
    // Whoever is answered may already send the signal.
    let signals = await Signals.hear(Signals.end)
    let port = try await http.start()
    supervisor.start()
    let hangUp = Signals.onHangUp { try? supervisor.reload(again: true) }
    let control = try ControlServer.start(folder: folder) {
      Control(core: core, supervisor: supervisor, directory: directory).answer($0)
    }
    let found = core.journal.durablePosition
    Thread.start(name: "erasures") { users.desk.eraser.resume(core.pipeline.gate, durable: found) }
    announce(core, port: port)
    let signal = await signals.first { _ in true } ?? SIGTERM
    let clock = StopClock(log: core.log)
    clock.enforce()
    core.log.info("stopping", metadata: ["signal": "\(signal)"])
    hangUp.cancel()
    core.live.stop()
    await http.stop()
    clock.enter(.changes)
    supervisor.stop(clock)
    if !control.stop(within: clock.remaining(.changes)) {
      clock.leave("a command of the operator")
    }
    core.stop(clock)
    if clock.hasLeft { StopClock.endProcess() }
  }

  private static func announce(_ core: Core, port: Int) {
    let host = core.configuration.host
    core.log.info(
      "listening",
      metadata: [
        "address": "\(host.listen.host):\(port)", "data": "\(host.data)",
        "durability": "\(host.durability.rawValue)",
        "plugins": "\(core.runtime.instances.map(\.name).joined(separator: " "))",
      ])
    if core.configuration.isSafe {
      core.log.warning("safe start: only the built-in plugins run; restart without --safe")
    }
    if let firstRun = core.firstRun { Console.write(firstRun.text) }
  }
}
