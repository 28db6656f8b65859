import Foundation
import PluginRuntime

/// Everything an operator chose, checked, each value with its source: flags win over the
/// environment, the environment over plugins.yaml, the file over defaults.
struct Configuration: Sendable {
  var host: HostSettings
  /// In the order of the file; nil when no file names any: then every plugin staged beside the
  /// program is on.
  var plugins: [PluginConfiguration]?
  /// By the name of the host setting; those that are not here are defaults.
  var sources: [String: SettingSource] = [:]
  /// The file that was read.
  var file: String?
  /// Variables that begin with TALLY_ and mean nothing here. They are shown, not refused: container
  /// platforms set such names on their own.
  var unknownVariables: [String] = []
  /// Only built-in plugins are loaded, whatever the file says.
  var isSafe = false
  /// Settings of plugins from the environment and from flags, by plugin, the strongest last.
  var overrides: [String: [GivenSetting]] = [:]
  /// What this was read from, to be read again.
  var inputs: Inputs?

  /// The file that is read from the working folder when none is named.
  static let fileName = "plugins.yaml"
  static let fileVariable = "TALLY_CONFIG"

  /// What the process was started with, handed in so that tests need no process.
  struct Inputs: Sendable {
    /// By flag: `--listen`.
    var flags: [String: String] = [:]
    /// What stands behind each `--set`: `plugins.views.views_max=100`.
    var assignments: [String] = []
    var environment: [String: String] = [:]
    /// The path behind `--config`.
    var file: String?
    /// Absolute; relative paths of flags and variables count from here.
    var workingFolder: String
    var cores: Int
    /// `--safe`
    var isSafe = false

    /// The file that is read, whether it is there or not.
    var watchedPath: String {
      Configuration.absolute(
        file ?? environment[fileVariable] ?? fileName, in: workingFolder)
    }
  }

  /// Reads and checks everything, or refuses it whole.
  static func load(_ inputs: Inputs) throws(ConfigurationError) -> Configuration {
    var configuration = Configuration(host: HostSettings(cores: inputs.cores))
    configuration.isSafe = inputs.isSafe
    let assignments = try Assignment.list(inputs.assignments)
    var file: ConfigurationFile?
    if let path = try filePath(inputs) {
      let name = shown(path, inputs.workingFolder)
      file = try ConfigurationFile(path: path, name: name)
      configuration.file = name
    }
    for setting in HostSetting.table {
      try configuration.take(setting, assignments.host, inputs: inputs, file: file)
    }
    configuration.overrides = Assignment.variables(inputs.environment)
      .merging(assignments.plugins) { variables, flags in variables + flags }
    configuration.settlePaths(file?.plugins, inputs: inputs)
    configuration.unknownVariables = unknownVariables(inputs.environment)
    configuration.inputs = inputs
    return configuration
  }

  /// Where a host setting's value comes from.
  func source(of setting: HostSetting) -> SettingSource { sources[setting.name] ?? .standard }

  /// What was given for a plugin, the strongest last.
  func settings(of plugin: String) -> [GivenSetting] {
    plugins?.first { $0.name == plugin }?.settings ?? overrides[plugin] ?? []
  }

  private static func filePath(_ inputs: Inputs) throws(ConfigurationError) -> String? {
    let named = inputs.file ?? inputs.environment[fileVariable]
    let path = absolute(named ?? fileName, in: inputs.workingFolder)
    if FileManager.default.fileExists(atPath: path) { return path }
    guard let named else { return nil }
    throw ConfigurationError(
      .unreadable, "\(named): no such file; name an existing one with --config or leave it out")
  }

  private mutating func take(
    _ setting: HostSetting, _ assigned: [String: String], inputs: Inputs, file: ConfigurationFile?
  ) throws(ConfigurationError) {
    let text: String
    let source: SettingSource
    if let flag = setting.flag, let given = inputs.flags[flag] {
      (text, source) = (given, .flag(flag))
    } else if let given = assigned[setting.name] {
      (text, source) = (given, .flag(Assignment.flag))
    } else if let given = inputs.environment[setting.environmentName] {
      (text, source) = (given, .environment(setting.environmentName))
    } else if let given = file?.host[setting.name] {
      (text, source) = (given.text, .file(given.place))
    } else {
      return
    }
    guard setting.take(text, &host) else {
      throw ConfigurationError(
        .value, "\(source): host.\(setting.name) must be \(setting.need), have \"\(text)\"")
    }
    sources[setting.name] = source
  }

  /// A relative path counts from where it is written: the file's folder, or the working folder.
  private mutating func settlePaths(
    _ plugins: [PluginConfiguration]?, inputs: Inputs
  ) {
    let fileFolder = file.map {
      (Self.absolute($0, in: inputs.workingFolder) as NSString).deletingLastPathComponent
    }
    func settled(_ path: String, _ setting: String) -> String {
      guard case .file = sources[setting], let fileFolder else {
        return Self.absolute(path, in: inputs.workingFolder)
      }
      return Self.absolute(path, in: fileFolder)
    }
    host.data = settled(host.data, "data")
    host.placeFile = host.placeFile.map { settled($0, "place_file") }
    host.keyFile = host.keyFile.map { settled($0, "key_file") }
    self.plugins = plugins?.map { plugin in
      var plugin = plugin
      plugin.path = plugin.path.map { Self.absolute($0, in: fileFolder ?? inputs.workingFolder) }
      plugin.settings += overrides[plugin.name] ?? []
      return plugin
    }
  }

  private static func absolute(_ path: String, in folder: String) -> String {
    URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: folder, isDirectory: true))
      .standardizedFileURL.path
  }

  /// A file in the working folder is shown by its name alone, as the operator knows it.
  private static func shown(_ path: String, _ workingFolder: String) -> String {
    let prefix = workingFolder.hasSuffix("/") ? workingFolder : workingFolder + "/"
    return path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : path
  }

  private static func unknownVariables(_ environment: [String: String]) -> [String] {
    let known = Set(HostSetting.table.map(\.environmentName) + [fileVariable])
    return environment.keys.filter {
      $0.hasPrefix("TALLY_") && !known.contains($0) && !Assignment.isVariable($0)
    }.sorted()
  }
}
