import ArgumentParser

/// `tally check`
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check the configuration and the plugins without starting the server.",
    discussion: """
      Opens every plugin that is on, and checks pins and settings; nothing of it is started. Ends \
      with status 1 when something is wrong.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Flag(help: "Print each value in force and where it came from.")
  var explain = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let configuration = try options.load()
    let findings = PluginFinding.all(in: configuration, locator: PluginLocator())
    if json {
      try Console.write(json: CheckReport(configuration, findings))
    } else {
      write(configuration, findings)
    }
    if findings.contains(where: { $0.refusal != nil }) { throw ExitCode.failure }
  }

  private func write(_ configuration: Configuration, _ findings: [PluginFinding]) {
    if explain {
      Console.write(
        Configuration.aligned(
          configuration.hostRows + findings.flatMap(\.rows) + configuration.disabledRows))
    }
    for name in configuration.unknownVariables {
      Console.write("note: \(name) is in the environment and means nothing here")
    }
    for finding in findings { Console.write(finding.line) }
    if findings.allSatisfy({ $0.refusal == nil }) {
      Console.write("\(configuration.file ?? "no configuration file"): good")
    }
  }
}

/// Everything a check found, as JSON.
struct CheckReport: Codable, Equatable {
  struct HostValue: Codable, Equatable {
    let name: String
    let value: String
    let source: String
    let description: String
  }

  let file: String?
  let good: Bool
  let host: [HostValue]
  let plugins: [PluginFinding]
  let unknownVariables: [String]

  enum CodingKeys: String, CodingKey {
    case file, good, host, plugins
    case unknownVariables = "unknown_variables"
  }

  init(_ configuration: Configuration, _ findings: [PluginFinding]) {
    file = configuration.file
    good = findings.allSatisfy { $0.refusal == nil }
    host = configuration.hostRows.map {
      HostValue(name: $0[0], value: $0[1], source: $0[2], description: $0[3])
    }
    plugins = findings
    unknownVariables = configuration.unknownVariables
  }
}
