import Builtins
import Glibc
import PluginRuntime

/// Which plugins a configuration wants, in the order in which they are started: the built-ins, then
/// those of the file.
struct PluginPlan: @unchecked Sendable {
  private let builtins: [Builtins.Builtin]
  private let locator = PluginLocator()

  init(builtins: [Builtins.Builtin]) {
    self.builtins = builtins
  }

  func plugins(of configuration: Configuration) -> [Lifecycle.Plugin] {
    let given = configuration.plugins ?? []
    let linked = builtins.map { builtin in
      Lifecycle.Plugin(
        name: builtin.name, isEnabled: true, code: .builtin(builtin.entry),
        settings: configuration.settings(of: builtin.name),
        placement: given.first { $0.name == builtin.name }?.placement ?? Placement())
    }
    let libraries = named(in: configuration).map { plugin in
      Lifecycle.Plugin(
        name: plugin.name, isEnabled: plugin.isEnabled,
        code: locator.code(of: plugin, configuration.host),
        settings: plugin.settings, placement: plugin.placement, pins: plugin.pins,
        isolation: locator.isolation(of: plugin, configuration.host))
    }
    return linked + libraries
  }

  /// Starts them, and has those judged that ended the last run, or one before safe starts: those run
  /// nobody, so they leave that to the next start.
  func begin(
    _ lifecycle: Lifecycle, with configuration: Configuration, after deaths: [Breadcrumb.Death]
  ) throws {
    let path = configuration.host.accusedPath
    var accused = Suspects(path: path)
    deaths.forEach { accused.add($0) }
    if configuration.isSafe, !deaths.isEmpty { try accused.save(path: path) }
    try lifecycle.begin(with: plugins(of: configuration), after: accused.deaths)
    if !configuration.isSafe { unlink(path) }
  }

  /// Where the libraries of enabled plugins are, to be watched.
  func libraries(of configuration: Configuration) -> [String] {
    named(in: configuration).filter(\.isEnabled).map(locator.path)
  }

  /// Those of the file, on or off, or all that are staged.
  private func named(in configuration: Configuration) -> [PluginConfiguration] {
    if configuration.isSafe { return [] }
    let all = configuration.plugins ?? locator.enabled(in: configuration)
    return all.filter { plugin in !Builtins.names.contains(plugin.name) }
  }
}
