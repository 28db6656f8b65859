import ArgumentParser

/// `tally check`
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check the configuration and the plugins without starting the server.",
    discussion: """
      Opens every plugin that is on, and checks pins and settings; nothing of it is started. \
      Opens the file of places. Ends with status 1 when something is wrong.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Flag(help: "Print each value in force and where it came from.")
  var explain = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let configuration = try options.load()
    let findings = PluginFinding.all(in: configuration, locator: PluginLocator())
    let places = configuration.host.placeFile.map { PlaceFinding(file: $0) }
    let isGood = findings.allSatisfy { $0.refusal == nil } && places?.refusal == nil
    if json {
      try Console.write(json: CheckReport(configuration, findings, places, isGood: isGood))
    } else {
      write(configuration, findings, places, isGood: isGood)
    }
    if !isGood { throw ExitCode.failure }
  }

  private func write(
    _ configuration: Configuration, _ findings: [PluginFinding], _ places: PlaceFinding?,
    isGood: Bool
  ) {
    if explain {
      Console.write(
        Configuration.aligned(
          configuration.hostRows + findings.flatMap(\.rows) + configuration.disabledRows))
    }
    for name in configuration.unknownVariables {
      Console.write("note: \(name) is in the environment and means nothing here")
    }
    if let places { Console.write(places.line) }
    for finding in findings { Console.write(finding.line) }
    if isGood {
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
  let places: PlaceFinding?
  let unknownVariables: [String]

  enum CodingKeys: String, CodingKey {
    case file, good, host, plugins, places
    case unknownVariables = "unknown_variables"
  }

  init(
    _ configuration: Configuration, _ findings: [PluginFinding], _ places: PlaceFinding?,
    isGood: Bool
  ) {
    file = configuration.file
    good = isGood
    self.places = places
    host = configuration.hostRows.map {
      HostValue(name: $0[0], value: $0[1], source: $0[2], description: $0[3])
    }
    plugins = findings
    unknownVariables = configuration.unknownVariables
  }
}
