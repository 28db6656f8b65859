import ArgumentParser
import PluginRuntime

/// `tally check`
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check the configuration and the plugins without starting the server.",
    discussion: "Ends with status 1 when something is wrong.")

  @OptionGroup var options: ConfigurationOptions

  @Flag(help: "Print each value in force and where it came from.")
  var explain = false

  func run() throws {
    let configuration = try options.load()
    if explain { Console.write(configuration.explanation) }
    for name in configuration.unknownVariables {
      Console.write("note: \(name) is in the environment and means nothing here")
    }
    let findings = PluginFinding.all(in: configuration, locator: PluginLocator())
    for finding in findings { Console.write(finding.description) }
    if findings.contains(where: { $0.refusal != nil }) { throw ExitCode.failure }
    Console.write("\(configuration.file ?? "no configuration file"): good")
  }
}

/// What the check of one plugin found.
struct PluginFinding: CustomStringConvertible {
  let name: String
  let version: String?
  let origin: String
  /// Why the plugin would not be loaded.
  let refusal: String?

  /// Opens every enabled plugin and checks its settings; nothing of it is started.
  static func all(in configuration: Configuration, locator: PluginLocator) -> [PluginFinding] {
    locator.enabled(in: configuration).map { inspect($0, path: locator.path(of: $0)) }
  }

  private static func inspect(_ plugin: PluginConfiguration, path: String) -> PluginFinding {
    do {
      let loaded = try LoadedPlugin(path: path, name: plugin.name)
      _ = try Settings(
        manifest: loaded.manifest, given: plugin.settings, nearest: PluginConfiguration.nearest)
      return PluginFinding(
        name: plugin.name, version: loaded.manifest.version, origin: path, refusal: nil)
    } catch {
      return PluginFinding(
        name: plugin.name, version: nil, origin: path, refusal: error.description)
    }
  }

  var description: String {
    guard let refusal else { return "plugin \(name) \(version ?? ""): good (\(origin))" }
    return "plugin \(name): \(refusal)"
  }
}
