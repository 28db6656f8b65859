import ArgumentParser

/// `tally check`
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check the configuration and the plugins without starting the server.",
    discussion: """
      Opens every plugin that is on, and checks pins and settings; nothing of it is started. \
      Opens the file of places, and reads what the data folder keeps of settings. Ends with status 1 when something is wrong.
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
      try Console.write(
        json: try CheckReport(configuration, findings, places, isGood: isGood))
    } else {
      try write(configuration, findings, places, isGood: isGood)
    }
    if !isGood { throw ExitCode.failure }
  }

  private func write(
    _ configuration: Configuration, _ findings: [PluginFinding], _ places: PlaceFinding?,
    isGood: Bool
  ) throws {
    if explain {
      Console.write(
        Configuration.aligned(
          configuration.hostRows + (try configuration.namespaceRows())
            + findings.flatMap(\.rows) + configuration.disabledRows))
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

    init(_ row: [String]) {
      (name, value, source, description) = (row[0], row[1], row[2], row[3])
    }
  }

  let file: String?
  let good: Bool
  let host: [HostValue]
  /// Settings of namespaces that no plugin has.
  let configs: [HostValue]
  let plugins: [PluginFinding]
  let places: PlaceFinding?
  let unknownVariables: [String]

  enum CodingKeys: String, CodingKey {
    case file, good, host, configs, plugins, places
    case unknownVariables = "unknown_variables"
  }

  init(
    _ configuration: Configuration, _ findings: [PluginFinding], _ places: PlaceFinding?,
    isGood: Bool
  ) throws {
    file = configuration.file
    good = isGood
    self.places = places
    host = configuration.hostRows.map(HostValue.init)
    configs = try configuration.namespaceRows().map(HostValue.init)
    plugins = findings
    unknownVariables = configuration.unknownVariables
  }
}
