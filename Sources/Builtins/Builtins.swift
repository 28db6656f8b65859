import PluginKit

/// The plugins that are linked in. They come through the same entry as a library and use nothing
/// else.
package enum Builtins {
  /// The name of one and its entry function.
  package typealias Builtin = (name: String, entry: PluginEntryFunction)

  private static let all: [Builtin] = [
    ("users", { tallyPluginUsers() }),
    ("sessions", { tallyPluginSessions() }),
    ("events", { tallyPluginEvents() }),
    ("profiles", { tallyPluginProfiles() }),
  ]

  /// Reserved: no library may take these names.
  package static let names = all.map(\.name)

  /// The built-ins; with the fault point, one more that traps when a request asks it to, for tests
  /// of what the host does with a record that ends the process.
  package static func entries(withFaultPoint: Bool) -> [Builtin] {
    withFaultPoint ? all + [("fault-point", { tallyPluginFaultPoint() })] : all
  }
}
