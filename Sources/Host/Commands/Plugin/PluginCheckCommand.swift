import ArgumentParser
import Foundation
import PluginTestKit

/// `tally plugin check`
struct PluginCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Look for everything a plugin can do wrong.",
    discussion: """
      What runs code of the plugin does so in a process of its own and is given \
      \(Int(CheckRun.timeoutSeconds)) seconds. Ends with status 1 when a check failed.
      """)

  @Argument(help: ArgumentHelp("The library.", valueName: "lib<name>.so"))
  var library: String

  @Option(
    help: ArgumentHelp(
      "Only checks whose id begins like this; may be repeated.", valueName: "id"))
  var only: [String] = []

  @Option(help: "What requests and cuts are drawn from.")
  var seed: UInt64 = 1

  @Flag(help: "Warnings are failures, too.")
  var strict = false

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "List the checks.")
  var list = false

  @Option(help: .hidden)
  var childReport: String?

  @Option(help: .hidden)
  var childTrace: String?

  func validate() throws {
    for id in only where !PluginCheck.all.contains(where: { $0.id.hasPrefix(id) }) {
      throw ValidationError("no check begins with \"\(id)\"; --list names all")
    }
  }

  func run() throws {
    if list { return listChecks() }
    let path = URL(filePath: library).path
    var subject = PluginCheck.Subject(
      path: path, name: TestPlugin.name(ofLibrary: path), seed: seed)
    if let childReport {
      subject.tracePath = childTrace
      return try runOne(subject, report: childReport)
    }
    let start = ContinuousClock.now
    let results = try CheckRun(subject: subject, only: only).results { result in
      if !json, result.outcome != .skipped { Console.write(result.description) }
    }
    let skipped = results.filter { $0.outcome == .skipped }.count
    let failed = results.filter { $0.outcome == .failed }.count
    let warned = results.filter { $0.outcome == .warned }.count
    if json {
      try Console.write(
        json: Report(library: path, seed: seed, failed: failed, warned: warned, checks: results))
    } else {
      let seconds = Double((ContinuousClock.now - start).milliseconds) / 1_000
      if skipped > 0 {
        Console.write("skipped  \(skipped) checks, because the plugin does not load")
      }
      Console.write(
        "\(results.count) checks in \(String(format: "%.1f", seconds)) s: \(failed) failed, "
          + "\(warned) warnings")
    }
    if failed > 0 || strict && warned > 0 { throw ExitCode.failure }
  }

  /// The child's side: one check, its result in a file.
  private func runOne(_ subject: PluginCheck.Subject, report: String) throws {
    guard let check = PluginCheck.all.first(where: { $0.id == only.first }) else {
      throw CommandError(.invalidArgument, "no check is called \(only)")
    }
    let result = CheckRun.runHere(check, subject)
    try JSONEncoder().encode(result).write(to: URL(filePath: report))
  }

  private func listChecks() {
    for check in PluginCheck.all {
      let space = String(repeating: " ", count: max(22 - check.id.count, 1))
      Console.write(check.id + space + check.title)
    }
  }

  /// What `--json` prints.
  private struct Report: Encodable {
    let library: String
    let seed: UInt64
    let failed: Int
    let warned: Int
    let checks: [CheckResult]
  }
}
