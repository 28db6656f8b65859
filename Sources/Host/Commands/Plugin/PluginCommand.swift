import ArgumentParser

/// `tally plugin`
struct PluginCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugin",
    abstract: "Make, test and check plugins.",
    subcommands: [
      PluginNewCommand.self, PluginTestCommand.self, PluginCheckCommand.self,
      PluginDevCommand.self,
    ])
}
