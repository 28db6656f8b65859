import Foundation
import PluginRuntime

/// What commands about plugins ask of a running server.
enum PluginRequest {
  static let reload = "reload"
  static let restart = "plugin-restart"

  /// The argument that names the plugin whose change is waited for.
  static let plugin = "plugin"

  /// `plugin` names the plugin whose change is waited for; without it, all are.
  static func reloading(_ plugin: String? = nil) -> ControlRequest {
    ControlRequest(
      command: reload, arguments: plugin.map { [Self.plugin: $0] } ?? [:])
  }

  static let announce = "configuration-announce"

  /// The file is about to say this, by a command of this user.
  static func announceRequest(_ text: String, command: String) -> ControlRequest {
    ControlRequest(
      command: announce, arguments: ["text": text, "by": "\(command) (uid \(getuid()))"])
  }

  /// By plugin: its state, and why.
  static func values(_ statuses: [PluginStatus]) -> [String: String] {
    Dictionary(statuses.map { ($0.name, text($0)) }) { first, _ in first }
  }

  private static func text(_ status: PluginStatus) -> String {
    status.state.rawValue + (status.reason.map { ": " + $0 } ?? "")
  }

  /// Prints the states of plugins.
  static func show(_ values: [String: String]) {
    for (name, state) in values.sorted(by: { $0.key < $1.key }) {
      Console.write("\(name): \(state)")
    }
  }
}
