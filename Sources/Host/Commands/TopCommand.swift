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
    let others = others
    return head + "\n\n" + Configuration.aligned([Self.columns] + rows)
      + (others.isEmpty ? "" : "\n\n" + Configuration.aligned([Self.otherColumns] + others))
  }

  private static let columns = [
    "PLUGIN", "STATE", "MODE", "GEN", "BATCH/S", "ITEMS/S", "EVENTS/S", "ERR/S", "DROP/S", "CPU%",
    "P50", "P99", "ASK/S", "ASK P99", "DEAD", "LAG", "STORAGE",
  ]
  /// Of calls that are neither process hooks nor questions, TIME% that of the clock.
  private static let otherColumns = ["PLUGIN", "KIND", "CALLS/S", "ERR/S", "TIME%", "P50", "P99"]

  private var seconds: Double {
    max(Double(now.milliseconds - before.milliseconds) / 1_000, 0.001)
  }

  private func rate(_ now: Int, _ before: Int) -> Double { Double(max(now - before, 0)) / seconds }

  /// The plugin that took most time comes first.
  private var rows: [[String]] {
    let looks = now.plugins.map { row in
      let old = before.plugins.first { $0.code == row.code } ?? row
      return (spent: spent(row, old), row: row, old: old)
    }
    return looks.sorted { ($1.spent, $0.row.code) < ($0.spent, $1.row.code) }
      .map { cells($0.row, $0.old, spent: $0.spent) }
  }

  private func cells(_ row: PluginRow, _ old: PluginRow, spent: Double) -> [String] {
    let (calls, before) = (row.hookCalls, old.hookCalls)
    let drops = rate(row.drops.values.reduce(0, +), old.drops.values.reduce(0, +))
    var cells = [row.code, row.state, row.mode, "\(row.generation)"]
    cells += [
      Figures.rate(rate(calls.calls, before.calls)), Figures.rate(rate(calls.items, before.items)),
      Figures.rate(rate(calls.events, before.events)),
      Figures.rate(rate(row.sum(\.errors), old.sum(\.errors))), Figures.rate(drops),
    ]
    cells += ["\(Figures.rounded(spent * 100))", Figures.time(calls.p50), Figures.time(calls.p99)]
    cells += [
      Figures.rate(rate(row.reads.calls, old.reads.calls)), Figures.time(row.reads.p99),
      "\(row.deadLetters)", "\(row.lag)", row.storage.map { Figures.bytes($0.bytes) } ?? "-",
    ]
    return cells
  }

  /// One line for each other kind of calls that ever happened.
  private var others: [[String]] {
    now.plugins.flatMap { row in
      row.calls.filter { ![.hook, .question].contains($0.kind) }.map { kind, reading in
        let old =
          before.plugins.first { $0.code == row.code }?.otherCalls[kind.rawValue]
        let time = rate(reading.nanoseconds, old?.nanoseconds ?? 0) / 1e9
        let calls = Figures.rate(rate(reading.calls, old?.calls ?? 0))
        let errors = Figures.rate(rate(reading.errors, old?.errors ?? 0))
        return [
          row.code, kind.rawValue, calls, errors, "\(Figures.rounded(time * 100))",
          Figures.time(reading.p50), Figures.time(reading.p99),
        ]
      }
    }
  }

  /// The share of one core that its calls took, those left out that may wait for others.
  private func spent(_ row: PluginRow, _ old: PluginRow) -> Double {
    func time(_ row: PluginRow) -> Int {
      row.calls.reduce(0) { $0 + ($1.kind.mayBlock ? 0 : $1.reading.nanoseconds) }
    }
    return Double(max(time(row) - time(old), 0)) / 1e9 / seconds
  }
}
