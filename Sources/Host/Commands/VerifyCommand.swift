import ArgumentParser
import Foundation
import Journal
import Store

/// `tally verify`
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check the journal and the store of a data folder that no server uses.",
    discussion: """
      Reads everything. What a start of the server would finish (raw rows of an interrupted commit) \
      is finished first. Ends with status 1 when it finds damage.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let folder = try options.load().host.data
    let lock = try DataFolder(existing: folder)
    let report = try withExtendedLifetime(lock) { try Self.verify(folder) }
    if json {
      try Console.write(json: report)
    } else {
      Console.write(report.description)
    }
    guard report.isSound else { throw ExitCode.failure }
  }

  private static func verify(_ folder: String) throws -> VerifyReport {
    let store = try Store.open(directory: folder)
    let journal = try Journal.verify(
      directory: folder + "/journal", storePosition: store.committedPosition)
    return VerifyReport(
      journal, store: try store.counts(), position: store.committedPosition,
      problems: try store.damage())
  }
}
