import ArgumentParser
import Foundation
import PluginRuntime

/// `tally top`
struct TopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Show what each plugin does at this moment, again and again.",
    discussion: "Asks the running server through control.sock. Ends with Ctrl-C.")

  @OptionGroup var options: ConfigurationOptions

  @Option(help: ArgumentHelp("Time between two looks.", valueName: "seconds"))
  var interval = 1.0

  @Flag(help: "Print one view and end.")
  var once = false

  @Flag(help: "Print JSON: the two looks a view is made of. Only with --once.")
  var json = false

  func validate() throws {
    guard (0.05...3600).contains(interval) else {
      throw ValidationError("--interval takes 0.05 to 3600 seconds.")
    }
    guard once || !json else { throw ValidationError("--json needs --once.") }
  }

  func run() throws {
    let folder = try options.load().host.data
    var before = try Self.look(folder)
    while true {
      Thread.sleep(forTimeInterval: interval)
      let now = try Self.look(folder)
      if json { return try Console.write(json: [before, now]) }
      let view = TopView(before: before, now: now)
      if once { return Console.write(view.text) }
      // Home, the view with each line cleared behind its end, and nothing below.
      let lines = view.text.split(separator: "\n", omittingEmptySubsequences: false)
      Console.write("\u{1B}[H" + lines.map { "\($0)\u{1B}[K" }.joined(separator: "\n") + "\u{1B}[J")
      before = now
    }
  }

  private static func look(_ folder: String) throws -> PluginOverview {
    guard let overview = try PluginQuestion.overview.ask(PluginOverview.self, folder: folder) else {
      throw CommandError(.control, "no server runs on \(folder); name its folder with --data")
    }
    return overview
  }
}

/// One view: what happened between two looks.
struct TopView {
  let before: PluginOverview
  let now: PluginOverview

  var text: String {
    let waiting = now.durablePosition - min(now.storePosition, now.durablePosition)
    let head =
      "requests/s \(Figures.rate(rate(now.accepted, before.accepted)))   durable "
      + "\(now.durablePosition)   committed \(now.storePosition)   waiting \(waiting)"
    return head + "\n\n" + Configuration.aligned([Self.columns] + rows)
  }

  private static let columns = [
    "PLUGIN", "STATE", "MODE", "GEN", "BATCH/S", "ITEMS/S", "EVENTS/S", "ERR/S", "CPU%", "P50",
    "P99",
    "ASK/S", "ASK P99", "DEAD", "LAG", "STORAGE",
  ]

  private var seconds: Double {
    max(Double(now.milliseconds - before.milliseconds) / 1_000, 0.001)
  }

  private func rate(_ now: Int, _ before: Int) -> Double { Double(max(now - before, 0)) / seconds }

  /// The plugin that took most time comes first.
  private var rows: [[String]] {
    now.plugins.map { row in
      let old = before.plugins.first { $0.code == row.code } ?? row
      return (spent(row, old), row, old)
    }
    .sorted { ($1.0, $0.1.code) < ($0.0, $1.1.code) }
    .map { spent, row, old in
      [
        row.code, row.state, row.mode, "\(row.generation)",
        Figures.rate(rate(row.hookCalls.calls, old.hookCalls.calls)),
        Figures.rate(rate(row.hookCalls.items, old.hookCalls.items)),
        Figures.rate(rate(row.hookCalls.events, old.hookCalls.events)),
        Figures.rate(
          rate(
            row.hookCalls.errors + row.reads.errors, old.hookCalls.errors + old.reads.errors)),
        "\(Figures.rounded(spent * 100))", Figures.time(row.hookCalls.p50),
        Figures.time(row.hookCalls.p99), Figures.rate(rate(row.reads.calls, old.reads.calls)),
        Figures.time(row.reads.p99), "\(row.deadLetters)", "\(row.lag)",
        row.storage.map { Figures.bytes($0.bytes) } ?? "-",
      ]
    }
  }

  /// The share of one core that its calls took.
  private func spent(_ row: PluginRow, _ old: PluginRow) -> Double {
    let nanoseconds =
      row.hookCalls.nanoseconds - old.hookCalls.nanoseconds
      + row.reads.nanoseconds - old.reads.nanoseconds
    return Double(max(nanoseconds, 0)) / 1e9 / seconds
  }
}
