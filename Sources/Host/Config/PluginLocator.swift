import Foundation
import PluginRuntime

/// Finds the libraries of plugins: `plugins/<name>/lib<name>.so` beside the program's folder as
/// `make build` stages them, or `lib<name>.so` next to the program as SwiftPM leaves them.
struct PluginLocator: Sendable {
  static let stagedMax = 256

  /// The folder the program lies in.
  let programFolder: String

  init(programFolder: String) { self.programFolder = programFolder }

  /// Beside the running program.
  init() {
    let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    programFolder = ((program ?? CommandLine.arguments[0]) as NSString).deletingLastPathComponent
  }

  /// The plugins to load, in order: those that the configuration turns on, or all staged ones when
  /// it names none. A safe start loads none.
  func enabled(in configuration: Configuration) -> [PluginConfiguration] {
    if configuration.isSafe { return [] }
    guard let plugins = configuration.plugins else { return staged(configuration.overrides) }
    return plugins.filter(\.isEnabled)
  }

  /// Refuses a setting from a flag or the environment for a plugin that nobody knows.
  func refuseUnknownOverrides(
    in configuration: Configuration, builtins: [String]
  ) throws(ConfigurationError) {
    let known = builtins + (configuration.plugins ?? staged([:])).map(\.name)
    for (name, settings) in configuration.overrides where !known.contains(name) {
      guard let place = settings.first?.place else { continue }
      throw ConfigurationError(
        .key,
        "\(place): there is no plugin \"\(name)\""
          + NearestName.hint(for: name, among: known, called: "plugins"))
    }
  }

  /// Where a plugin's library is, or should be: the caller's refusal names this path.
  func path(of plugin: PluginConfiguration) -> String {
    if let path = plugin.path { return path }
    let staged = stagedPath(plugin.name)
    let built = "\(programFolder)/lib\(plugin.name).so"
    let files = FileManager.default
    return !files.fileExists(atPath: staged) && files.fileExists(atPath: built) ? built : staged
  }

  /// The program that isolated plugins run in.
  var runner: String { programFolder + "/tally-runner" }

  /// Where a plugin's code comes from, in the lane the operator chose for it.
  func code(
    of plugin: PluginConfiguration, _ host: HostSettings
  ) -> PluginRuntime.Request.Code {
    switch plugin.mode {
    case .inproc: .library(name: plugin.name, path: path(of: plugin))
    case .isolated: .isolated(isolation(of: plugin, host))
    }
  }

  /// How a plugin runs in a process of its own.
  func isolation(of plugin: PluginConfiguration, _ host: HostSettings) -> IsolationPlan {
    IsolationPlan(
      name: plugin.name, path: path(of: plugin), program: runner, limits: host.isolation)
  }

  private func staged(_ overrides: [String: [GivenSetting]]) -> [PluginConfiguration] {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: stagingFolder)) ?? []
    return folders.sorted().prefix(Self.stagedMax)
      .filter { FileManager.default.fileExists(atPath: stagedPath($0)) }
      .map {
        let place = FilePlace(path: stagingFolder + "/" + $0, line: 0, column: 0)
        return PluginConfiguration(name: $0, place: place, settings: overrides[$0] ?? [])
      }
  }

  private var stagingFolder: String {
    (programFolder as NSString).deletingLastPathComponent + "/plugins"
  }

  private func stagedPath(_ name: String) -> String { "\(stagingFolder)/\(name)/lib\(name).so" }
}
