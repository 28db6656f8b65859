import ArgumentParser

/// The command `tally`.
struct TallyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tally",
    abstract: "A real-time product analytics server that is a plugin host.",
    discussion: """
      Settings come from flags, then the environment (TALLY_...), then plugins.yaml, then defaults;
      `tally check --explain` shows each value and where it came from.
      """,
    version: "tally \(Product.version)",
    subcommands: [
      ServeCommand.self, SetupCommand.self, DemoCommand.self, CheckCommand.self, VerifyCommand.self,
      LedgerCommand.self, RebuildCommand.self, DeadLetterCommand.self, TopCommand.self,
      MemberCommand.self, PluginCommand.self,
    ])
}

/// What is said of the program itself.
enum Product {
  /// The version of this source.
  static let version = "0.1.0"
}
