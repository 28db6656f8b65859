import Foundation
import Journal
import Logging
import NIOPosix
import Builtins
import PluginABI
import PluginKit
import Store
import Testing

import enum Harness.Patience

@testable import Host
@testable import PluginRuntime

/// A whole server without its HTTP: store, journal, pipeline and one plugin in a folder of its own,
/// started and ended as often as the test likes.
final class Stand {
  let folder: String
  let app: App
  private(set) var core: Core
  private let linked: [tally_plugin_entry]
  /// Paths of plugins to load, by name.
  private let libraries: [String: String]
  private let settings: HostSettings
  private let admin: Member

  init(
    _ linked: PluginEntryFunction..., libraries: [String: String] = [:],
    configure: (inout HostSettings) -> Void = { _ in }
  ) throws {
    folder = FileManager.default.temporaryDirectory.path + "/stand-\(UUID().uuidString)"
    var settings = HostSettings(cores: 2)
    settings.data = folder
    settings.limits.journalSegmentBytes = 1 << 20
    settings.limits.readWaitMilliseconds = 20_000
    configure(&settings)
    self.settings = settings
    self.linked = linked
    self.libraries = libraries
    let store = try Store.open(directory: folder)
    app = try store.createApp(NewApp(name: "Shop", timezone: "Europe/Istanbul"), nowMs: 0)
    admin = try store.createMember(
      NewMember(username: "owner", isGlobalAdmin: true), nowMs: 0)
    try store.close()
    core = try Self.open(settings, linked, libraries)
  }

  deinit {
    core.stop()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Ends the server and starts it again, with other plugins when some are given.
  func restart(with other: [PluginEntryFunction]? = nil) throws {
    core.stop()
    core = try Self.open(settings, other ?? linked, other == nil ? libraries : [:])
  }

  /// Does something with the folder while no server runs on it.
  func whileStopped(_ body: () throws -> Void) throws {
    core.stop()
    defer { if let again = try? Self.open(settings, linked, libraries) { core = again } }
    try body()
  }

  private static func open(
    _ settings: HostSettings, _ linked: [tally_plugin_entry], _ libraries: [String: String]
  ) throws -> Core {
    let isLoud = ProcessInfo.processInfo.environment["LOUD"] != nil
    let log = Logger(label: "test") {
      isLoud
        ? StreamLogHandler.standardError(label: $0) as any LogHandler : SwiftLogNoOpLogHandler()
    }
    var configuration = Configuration(host: settings)
    configuration.plugins = libraries.map {
      PluginConfiguration(
        name: $0.key, place: FilePlace(path: "plugins.yaml", line: 1, column: 1), path: $0.value)
    }
    let core = try Core(configuration, linked: linked.map(builtin), log: log)
    core.start()
    return core
  }

  private static func builtin(_ entry: tally_plugin_entry) -> Builtins.Builtin {
    let name = entry()?.pointee.descriptor.pointee.name ?? tally_str()
    return (name.string ?? "", entry)
  }

  /// The answer to `/o?method=…` about the app, for the owner.
  func ask(_ parameters: [String: String]) -> (status: Int, body: String) {
    var all = parameters
    all["api_key"] = admin.apiKey
    all["app_id"] = app.hex
    let reply = answer(all)
    return (reply.status, String(decoding: reply.body, as: UTF8.self))
  }

  /// The answer to `/o?method=…`.
  func answer(_ parameters: [String: String]) -> QueryReply {
    let service = QueryService(
      store: core.store, journal: core.journal, runtime: core.runtime,
      access: core.access, apps: core.registry,
      sdk: SDKAccess(directory: core.directory), users: UserService(core: core),
      own: OwnRoutes(core: core), cache: core.reads, log: core.log)
    return service.begin(.init(httpMethod: "GET", path: "/o", parameters: parameters))
      .reply(behind: core.pipeline.gate)
  }

  /// Puts an entry into the journal as it stands and waits for its commit.
  func append(_ make: (_ ticket: UInt64) -> EntryBuffer) throws {
    let failure = core.services.desk.append(make, timeout: .seconds(10))
    if let failure { throw Failure(text: failure) }
    settle()
  }

  /// Sends an item as a device would.
  func send(_ object: String, device: String = "phone") throws {
    try append { _ in
      RequestRecord.write(
        app: app.number, device: Array(device.utf8), object: Array(object.utf8),
        receivedMs: core.services.nowMs, partition: 0, outbox: nil)
    }
  }

  /// Waits until everything durable is committed, and what that put into the journal too.
  func settle() {
    let isSettled = Patience.wait {
      core.pipeline.gate.wait(for: core.journal.durablePosition)
      return (try? core.store.outbox().isEmpty) == true
        && core.journal.durablePosition == core.store.committedPosition
    }
    #expect(isSettled, "the store did not catch up with the journal")
  }

  /// Items of the app that ended under a reason.
  func items(_ reason: String) throws -> Int64 {
    try core.store.counts().items(app: app.number, reason: reason)
  }

  struct Failure: Error {
    let text: String
  }
}
