import ArgumentParser
import Foundation
import Logging

/// `tally rebuild`
struct RebuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild",
    abstract: "Count all raw items once more and compare with the counters.",
    discussion: """
      The server must not run on the data folder. Nothing is changed without --write, which \
      replaces the counters of the plugins that run by what the raw items say. Ends with status 1 \
      when counters differ and are not replaced.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Flag(help: "Replace counters that differ.")
  var write = false

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let configuration = try options.load()
    let lock = try DataFolder(existing: configuration.host.data)
    let report = try withExtendedLifetime(lock) { try rebuild(configuration) }
    if json {
      try Console.write(json: report)
    } else {
      Console.write(Self.text(report))
    }
    guard report.differing == 0 || report.isWritten else { throw ExitCode.failure }
  }

  private func rebuild(_ configuration: Configuration) throws -> Rebuild.Report {
    LoggingSystem.bootstrap(StreamLogHandler.standardError)
    var log = Logger(label: "tally")
    log.logLevel = .error
    let twin = configuration.host.data + "/rebuild-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: twin) }
    let bar = ProgressBar(isShown: !json, label: "counting")
    defer { bar.end() }
    return try Rebuild(configuration, twin: twin, log: log)
      .run(writes: write) { done, all in bar.show(Double(done) / Double(max(all, 1))) }
  }

  private static func text(_ report: Rebuild.Report) -> String {
    var lines = ["\(report.items) raw items, \(report.buckets) buckets"]
    if report.missing > 0 {
      lines.append("note: the raw items of \(report.missing) stored items are gone")
    }
    lines += report.examples
    lines.append(
      report.differing == 0
        ? "every counter is what the raw items say"
        : report.isWritten
          ? "\(report.differing) buckets differed and were replaced"
          : "\(report.differing) buckets differ; `tally rebuild --write` replaces them")
    return lines.joined(separator: "\n")
  }
}
