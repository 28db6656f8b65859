import ArgumentParser
import Foundation
import Store

/// `tally setup`
struct SetupCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "setup",
    abstract: "Make the first member and the first app.",
    discussion: """
      Works whether or not a server runs on the data folder. A username that exists is refused and \
      nothing is changed.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Option(help: "The name the member signs in with.")
  var username: String

  @Option(help: "The member's password, at least 8 characters; \"-\" reads it from standard input.")
  var password: String

  @Option(help: ArgumentHelp("The name of the app.", valueName: "name"))
  var app: String

  @Option(
    help: ArgumentHelp("The app's time zone, such as Europe/Berlin.", valueName: "zone"))
  var timezone = "Etc/UTC"

  @Option(
    help: ArgumentHelp(
      "The app's country, two letters such as DE: its cities are counted.", valueName: "code"))
  var country = ""

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let configuration = try options.load()
    let request = try Setup(
      username: username, password: password == "-" ? readLine() ?? "" : password, app: app,
      timezone: timezone, country: country)
    let result = try perform(request, configuration.host)
    if json {
      try Console.write(json: result.values)
    } else {
      Console.write(
        Setup.Result.keys.map { "\($0): \(result.values[$0] ?? "")" }.joined(separator: "\n"))
    }
  }

  /// Through the server that runs there, else on the opened store.
  private func perform(_ request: Setup, _ host: HostSettings) throws -> Setup.Result {
    if let reply = try ControlClient.ask(request.controlRequest, folder: host.data) {
      return try Setup.Result(values: reply.get())
    }
    let dataFolder = try DataFolder(locking: host.data)
    return try withExtendedLifetime(dataFolder) {
      try request.perform(on: Store.open(directory: host.data, tuning: StoreTuning(host)))
    }
  }
}
