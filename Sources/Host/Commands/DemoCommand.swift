import ArgumentParser
import Foundation

/// `tally demo`
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Fill a running server with believable traffic of three apps, to look around.",
    discussion: """
      Makes the apps and sends what their users did in the last days as SDKs would have. The same \
      seed gives the same traffic. --remove takes all of it away again.
      """)

  /// Items of one bulk request.
  private static let bulkItems = 500

  @OptionGroup var options: ConfigurationOptions

  @Option(help: ArgumentHelp("Days up to now.", valueName: "days"))
  var days = 30

  @Option(help: ArgumentHelp("Users of each app.", valueName: "users"))
  var users = 500

  @Option(help: ArgumentHelp("What the traffic is drawn from.", valueName: "number"))
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp(
      "Where the server listens (default: the configuration's).", valueName: "host:port"))
  var address: String?

  @Flag(help: "Take the demo away again.")
  var remove = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard (1...400).contains(days) else { throw ValidationError("--days takes 1 to 400.") }
    guard (1...100_000).contains(users) else {
      throw ValidationError("--users takes 1 to 100000.")
    }
  }

  func run() throws {
    let host = try options.load().host
    if remove { return try takeAway(folder: host.data) }
    guard let target = address.map(ListenAddress.init) ?? host.listen else {
      throw CommandError(.invalidArgument, "--address takes HOST:PORT")
    }
    guard target.port != 0 else {
      throw CommandError(.invalidArgument, "the server chose its port; name it with --address")
    }
    let made = try ask("begin", folder: host.data).decode([DemoDesk.Made].self)
    let began = Clock.monotonicSeconds
    let sent = try send(to: made, at: target)
    let seconds = Clock.monotonicSeconds - began
    if json { return try Console.write(json: Sent(apps: made, requests: sent, seconds: seconds)) }
    Console.write("\(sent) requests in \(Figures.rounded(seconds)) s")
    for app in made { Console.write("\(app.name)  app_id \(app.appID)  app_key \(app.appKey)") }
    Console.write("`tally demo --remove` takes it away again")
  }

  /// What was done.
  private struct Sent: Codable {
    let apps: [DemoDesk.Made]
    let requests: Int
    let seconds: Double
  }

  private func send(to apps: [DemoDesk.Made], at target: ListenAddress) throws -> Int {
    let bar = ProgressBar(isShown: !json, label: "demo")
    defer { bar.end() }
    let sender = DemoSender(target)
    let nowMs = Clock.system.nowMs
    var sent = 0
    for (place, app) in apps.enumerated() {
      let traffic = try DemoTraffic(place, users: users, days: days, seed: seed, nowMs: nowMs)
      for day in 0..<days {
        var items = traffic.requests(ofDay: day)[...]
        while !items.isEmpty {
          let part = items.prefix(Self.bulkItems)
          try sender.send(part.map(\.json), appKey: app.appKey)
          items = items.dropFirst(part.count)
          sent += part.count
        }
        let share = Double(place * days + day + 1) / Double(apps.count * days)
        bar.show(share, note: "\(app.name), \(sent) requests")
      }
    }
    return sent
  }

  private func takeAway(folder: String) throws {
    let values = try ask("remove", folder: folder).get()
    if json { return try Console.write(json: values) }
    Console.write("the demo is gone, with \(values["items"] ?? "0") raw items")
  }

  private func ask(_ action: String, folder: String) throws -> ControlReply {
    let request = ControlRequest(command: DemoDesk.command, arguments: ["action": action])
    guard let reply = try ControlClient.ask(request, folder: folder) else {
      throw CommandError(
        .control, "no server runs on \(folder); start one with `tally serve`, or name --data")
    }
    return reply
  }
}
