import ArgumentParser
import PluginRuntime

/// `tally plugin list`
struct PluginListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List plugins: what runs, what it costs, what went wrong.",
    discussion: "Without a running server it lists what the next start would load.")

  @OptionGroup var options: ConfigurationOptions
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let configuration = try options.load()
    let folder = configuration.host.data
    if let overview = try PluginQuestion.overview.ask(PluginOverview.self, folder: folder) {
      if json { return try Console.write(json: overview.plugins) }
      return Console.write(Self.table(overview.plugins))
    }
    let findings = PluginFinding.all(in: configuration, locator: PluginLocator())
    if json { return try Console.write(json: findings) }
    Console.write("no server runs on \(folder); the next start finds:")
    for finding in findings { Console.write(finding.line) }
  }

  private static func table(_ rows: [PluginRow]) -> String {
    let head = [
      "PLUGIN", "VERSION", "STATE", "MODE", "GEN", "CALLS", "ITEMS", "ERRORS", "DROPS", "P50",
      "P99", "DEAD", "LAG", "NOTE",
    ]
    return Configuration.aligned(
      [head]
        + rows.map { row in
          [
            row.code, row.version, row.state, row.mode, "\(row.generation)",
            "\(row.sum(\.calls))", "\(row.hookCalls.items)", "\(row.sum(\.errors))",
            "\(row.drops.values.reduce(0, +))", Figures.time(row.hookCalls.p50),
            Figures.time(row.hookCalls.p99), "\(row.deadLetters)", "\(row.lag)", row.note,
          ]
        })
  }
}

/// `tally plugin info`
struct PluginInfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Everything about one plugin: state, settings, order, cost, storage.")

  @OptionGroup var options: ConfigurationOptions
  @Argument(help: "The plugin's name.") var name: String
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let configuration = try options.load()
    let folder = configuration.host.data
    if let info = try PluginQuestion.info(name).ask(PluginQuestion.Info.self, folder: folder) {
      return json ? try Console.write(json: info) : Console.write(Self.text(info))
    }
    let findings = PluginFinding.all(in: configuration, locator: PluginLocator())
    guard let finding = findings.first(where: { $0.name == name }) else {
      let known = NearestName.hint(
        for: name, among: findings.map(\.name), called: "plugins")
      throw CommandError(.invalidArgument, "no plugin \"\(name)\" is on\(known)")
    }
    if json { return try Console.write(json: finding) }
    Console.write("no server runs on \(folder); the next start finds:")
    Console.write(finding.line)
    Console.write(Configuration.aligned(finding.rows))
  }

  private static func text(_ info: PluginQuestion.Info) -> String {
    let row = info.plugin
    var pairs = [
      ["plugin", "\(row.code) \(row.version)"], ["description", row.description],
      ["state", row.note.isEmpty ? row.state : "\(row.state): \(row.note)"], ["mode", row.mode],
      ["origin", row.origin],
    ]
    if let hash = row.sha256 { pairs.append(["sha256", hash]) }
    if let hash = row.rolledBack { pairs.append(["rolled back", hash]) }
    pairs += [
      ["generation", "\(row.generation)"],
      ["instances", "\(row.instances), restarted after a failure \(row.restarts)"],
      ["questions", row.questions.joined(separator: " ")],
      ["hooks", "\(row.hooks)"],
    ]
    pairs += row.calls.map {
      ["\($0.kind.rawValue) calls", Figures.text($0.reading, hasItems: $0.kind != .question)]
    }
    if row.overdueJobs > 0 { pairs.append(["jobs over their time", "\(row.overdueJobs)"]) }
    if !row.drops.isEmpty {
      let drops = row.drops.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
      pairs.append(["left out", drops.joined(separator: ", ")])
    }
    pairs += [
      ["dead letters", "\(row.deadLetters)"], ["behind", "\(row.lag) requests"],
    ]
    if let storage = row.storage {
      pairs.append([
        "storage",
        "\(Figures.bytes(storage.bytes)) in \(storage.cells) cells, \(storage.documents) documents, "
          + "\(storage.rows) rows, \(storage.series) series",
      ])
    }
    let places = info.order.map { place in
      ["order", "\(place.kind) \(place.place): \(place.causes.joined(separator: ", "))"]
    }
    let settings = info.settings.map { $0.row(of: row.code) }
    return [Configuration.aligned(pairs + places), Configuration.aligned(settings)]
      .filter { !$0.isEmpty }.joined(separator: "\n")
  }
}

/// `tally plugin order`
struct PluginOrderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "order",
    abstract: "Print the order in which hooks see a batch, and why.",
    discussion: "By phase, then by before and after, then by name. Asks the running server.")

  @OptionGroup var options: ConfigurationOptions
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let folder = try options.load().host.data
    guard let order = try PluginQuestion.order.ask([HookReport].self, folder: folder) else {
      throw CommandError(
        .control,
        "no server runs on \(folder), and hooks are only known of plugins that run; start it")
    }
    if json { return try Console.write(json: order) }
    Console.write(
      Configuration.aligned(order.map(\.row)))
  }
}

/// Numbers as people read them.
enum Figures {
  /// Nanoseconds.
  static func time(_ nanoseconds: some BinaryInteger) -> String {
    let value = Double(nanoseconds)
    return switch value {
    case 0: "-"
    case ..<1e3: "\(Int(value)) ns"
    case ..<1e6: "\(rounded(value / 1e3)) µs"
    case ..<1e9: "\(rounded(value / 1e6)) ms"
    default: "\(rounded(value / 1e9)) s"
    }
  }

  static func bytes(_ bytes: Int) -> String {
    let value = Double(bytes)
    return switch value {
    case ..<1024: "\(bytes) B"
    case ..<1_048_576: "\(rounded(value / 1024)) KiB"
    case ..<1_073_741_824: "\(rounded(value / 1_048_576)) MiB"
    default: "\(rounded(value / 1_073_741_824)) GiB"
    }
  }

  /// What happens in a second.
  static func rate(_ value: Double) -> String { value < 10 ? "\(rounded(value))" : "\(Int(value))" }

  static func rounded(_ value: Double) -> Double { (value * 10).rounded() / 10 }

  fileprivate static func text(_ reading: CallMeter.Reading, hasItems: Bool) -> String {
    let seen = hasItems ? ", \(reading.items) items, \(reading.events) events" : ""
    return
      "\(reading.calls)\(seen), \(reading.errors) errors, \(time(reading.nanoseconds)) in all, "
      + "p50 \(time(reading.p50)), p99 \(time(reading.p99))"
  }
}
