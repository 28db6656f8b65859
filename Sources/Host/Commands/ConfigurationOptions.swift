import ArgumentParser
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

  /// Reads the configuration of this process.
  func load(listen: String? = nil) throws -> Configuration {
    var inputs = Configuration.Inputs(
      environment: ProcessInfo.processInfo.environment,
      workingFolder: FileManager.default.currentDirectoryPath,
      cores: ProcessInfo.processInfo.activeProcessorCount)
    inputs.file = config
    inputs.flags["--data"] = data
    inputs.flags["--listen"] = listen
    return try Configuration.load(inputs)
  }
}
