import Foundation
import PluginRuntime
import Store

/// The apps of the demo in a server that runs: making them, and taking them away with all they
/// brought.
struct DemoDesk: Sendable {
  static let command = "demo"
  /// Where the store keeps which apps are the demo's.
  private static let mark = "demo.apps"
  /// How long is waited until all that was accepted is committed.
  static let commitSecondsMax = 60.0

  /// An app to be sent to.
  struct Made: Codable, Equatable, Sendable {
    let name: String
    let appID: String
    let appKey: String

    enum CodingKeys: String, CodingKey {
      case appID = "app_id"
      case appKey = "app_key"
      case name
    }
  }

  let core: Core
  var commitSeconds = Self.commitSecondsMax

  /// Makes the apps.
  func begin() throws -> [Made] {
    guard try apps().isEmpty else {
      throw CommandError(
        .exists, "the demo is there already; take it away with `tally demo --remove`")
    }
    let nowMs = Clock.system.nowMs
    let made = try DemoApp.all.map { app in
      try core.store.createApp(NewApp(name: app.name, timezone: app.timezone), nowMs: nowMs)
    }
    try core.store.setMark(Self.mark, made.map(\.hex).joined(separator: " "))
    try core.reloadAdministration()
    return made.map { Made(name: $0.name, appID: $0.hex, appKey: $0.key) }
  }

  /// Takes the apps away, and everything that was counted and kept of them; answers how many raw
  /// items went.
  func remove() throws -> Int {
    let gone = try apps()
    guard !gone.isEmpty else { throw CommandError(.invalidArgument, "there is no demo") }
    let numbers = gone.map(\.number)
    // Nothing more is accepted for them; what was, is counted before they go.
    let left = try core.store.apps().filter { !numbers.contains($0.number) }
    core.directory.replace(left.map { AppView($0, core.configuration.host, core.spaces) })
    guard core.pipeline.gate.wait(through: core.journal.durablePosition, seconds: commitSeconds)
    else {
      try core.reloadAdministration()
      throw CommandError(
        .store,
        "what was accepted is not counted within \(Figures.rounded(commitSeconds)) s, so that nothing "
          + "was taken away; see `tally ledger` and the log for what holds it up, and try again")
    }
    try core.pipeline.atRest { [store = core.store] in try store.removeApps(numbers) }
    try core.reloadAdministration()
    for app in gone {
      var deleted = LifecycleQueue.Event(.appDeleted, atMs: Clock.system.nowMs)
      deleted.app = app.number
      deleted.appID = app.hex
      core.runtime.happenings.post(deleted)
      core.pictures.removeAll(appID: app.hex)
      UserExports(data: core.configuration.host.data).removeAll(appID: app.hex)
    }
    var items = 0
    for number in numbers { items += try core.store.remove(RawRemoval(app: number)).items }
    try core.store.setMark(Self.mark, nil)
    return items
  }

  private func apps() throws -> [App] {
    let marked = try core.store.mark(Self.mark)?.split(separator: " ").map(String.init) ?? []
    return try core.store.apps().filter { marked.contains($0.hex) }
  }
}
