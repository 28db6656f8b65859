import ArgumentParser
import Foundation
import Journal
import Store

/// `tally verify`
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check the journal and the store of a data folder.",
    discussion: """
      Reads everything and changes nothing, whether or not a server runs on the data folder. Ends \
      with status 1 when it finds damage.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let host = try options.load().host
    try DataFolder.check(existing: host.data)
    let report = try Self.verify(host.data, keyFile: host.keyFile)
    if json {
      try Console.write(json: report)
    } else {
      Console.write(report.description)
    }
    guard report.isSound else { throw ExitCode.failure }
  }

  static func verify(_ folder: String, keyFile: String? = nil) throws -> VerifyReport {
    let store = try StoreInspection(directory: folder, keyFile: keyFile)
    let journal = try Journal.verify(directory: folder + "/journal") {
      try store.committedPosition()
    }
    let counts = try store.counts()
    return VerifyReport(
      journal, store: counts, position: counts.position, problems: try store.damage())
  }
}
