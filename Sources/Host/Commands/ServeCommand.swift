import ArgumentParser

/// `tally serve`
struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run the server until SIGTERM or SIGINT.",
    discussion: """
      On an empty data folder it makes one app and an owner, and prints once how to send to it and
      how to read from it.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Option(
    help: ArgumentHelp(
      "Where the server listens (default: 127.0.0.1:8080).", valueName: "host:port")
  )
  var listen: String?

  @Flag(help: "Run with the built-in plugins only, whatever plugins.yaml says.")
  var safe = false

  func run() async throws {
    try await TallyServer.run(options.load(listen: listen, isSafe: safe))
  }
}
