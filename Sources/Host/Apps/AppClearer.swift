import Foundation
import Logging
import PluginRuntime
import Store
import Synchronization

/// Takes data of apps away where the pipeline meets the command in the journal: what came before is
/// counted by then, what comes behind is not yet. Applied again after a crash, it changes nothing.
final class AppClearer: Sendable {
  private let store: Store
  private let registry: AppRegistry
  private let log: Logger
  /// What is told of it; made later than this.
  private let connected = Mutex<@Sendable (RegisteredApp, AppClearing) -> Void>({ _, _ in })

  init(store: Store, registry: AppRegistry, log: Logger) {
    self.store = store
    self.registry = registry
    self.log = log
  }

  func connect(_ tell: @escaping @Sendable (RegisteredApp, AppClearing) -> Void) {
    connected.withLock { $0 = tell }
  }

  /// What a command of the host says of it; nil for every other.
  static func clearing(_ command: RequestRecord.Command) -> AppClearing? {
    guard HostCommand.isOne(command), HostCommand(rawValue: command.name) == .clearApp else {
      return nil
    }
    return try? JSONDecoder().decode(AppClearing.self, from: Data(command.payload))
  }

  /// The pipeline's thread, while nothing is under way.
  func clear(_ number: UInt32, _ clearing: AppClearing, through position: UInt64) throws {
    guard let app = registry.snapshot.byNumber[number] else { return }
    try store.clear(app: number, clearing, through: position) {
      clearing.scope == .app ? Self.permission($0, without: app.hexID) : nil
    }
    connected.withLock { $0 }(app, clearing)
    log.info(
      "data of an app is taken away",
      metadata: ["app": "\(app.hexID)", "what": "\(clearing.scope.rawValue)"])
  }

  private static func permission(_ text: String, without app: String) -> String? {
    var permission = Permission(JSONValue(text) ?? .null)
    guard permission.apps.contains(app) else { return nil }
    permission.remove(app: app)
    return permission.document.text(escaping: false)
  }
}
