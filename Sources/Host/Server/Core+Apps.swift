import Foundation
import PluginRuntime
import Store

extension Core {
  /// Makes a new app visible to intake, questions and the pipeline.
  func reloadAdministration() throws {
    reloading.lock()
    defer { reloading.unlock() }
    let apps = try store.apps()
    let known = registry.snapshot
    try registry.replace(with: apps)
    directory.replace(apps.map { AppView($0, configuration.host, spaces) })
    members.replace(with: try store.members())
    for app in apps where known.byNumber[app.number] == nil {
      var created = LifecycleQueue.Event(.appCreated, atMs: Clock.system.nowMs)
      created.app = app.number
      created.appID = app.hex
      runtime.happenings.post(created)
    }
  }

  /// Tells what it concerns that data of an app is gone; the pipeline's thread.
  func didClear(_ app: RegisteredApp, _ clearing: AppClearing) {
    do { try reloadAdministration() } catch {
      log.error("what changed of apps is not seen", metadata: ["error": "\(error)"])
    }
    housekeeping.wake()
    guard ![.old, .events].contains(clearing.scope) else { return }
    live.forget(app: app.number)
    pictures.removeAll(appID: app.hexID)
    UserExports(data: configuration.host.data).removeAll(appID: app.hexID)
    var gone = LifecycleQueue.Event(
      clearing.scope == .app ? .appDeleted : .appReset, atMs: Clock.system.nowMs)
    (gone.app, gone.appID) = (app.number, app.hexID)
    runtime.happenings.post(gone)
  }
}
