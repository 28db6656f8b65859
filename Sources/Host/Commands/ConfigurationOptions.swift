import ArgumentParser
import Builtins
import Foundation

/// The flags that every command with a configuration takes.
struct ConfigurationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The folder that holds everything the server keeps (default: ./data).", valueName: "dir"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "The configuration (default: ./plugins.yaml, if there is one).", valueName: "file"))
  var config: String?

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "A setting, named as `tally check --explain` prints it; may stand several times.",
      valueName: "key=value"))
  var assignments: [String] = []

  /// Reads the configuration of this process.
  func load(listen: String? = nil, isSafe: Bool = false) throws -> Configuration {
    var inputs = Configuration.Inputs(
      environment: ProcessInfo.processInfo.environment,
      workingFolder: FileManager.default.currentDirectoryPath,
      cores: ProcessInfo.processInfo.activeProcessorCount)
    inputs.file = config
    inputs.isSafe = isSafe
    inputs.assignments = assignments
    inputs.flags["--data"] = data
    inputs.flags["--listen"] = listen
    let configuration = try Configuration.load(inputs)
    try PluginLocator().refuseUnknownOverrides(in: configuration, builtins: Builtins.names)
    return configuration
  }
}
