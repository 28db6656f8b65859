import ArgumentParser
import Foundation
import Journal
import Store

/// `tally ledger`
struct LedgerCommand: ParsableCommand {
  static let name = "ledger"

  static let configuration = CommandConfiguration(
    commandName: name,
    abstract: "Show what became of every accepted request, by app.",
    discussion: """
      accepted = stored + rejected + pending, at every moment. Works whether or not a server runs \
      on the data folder.
      """)

  @OptionGroup var options: ConfigurationOptions

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let report = try report()
    if json { try Console.write(json: report) } else { Console.write(report.text) }
  }

  /// Through the server that runs there, else from the folder itself.
  private func report() throws -> LedgerReport {
    let host = try options.load().host
    let request = ControlRequest(command: Self.name, arguments: [:])
    if let reply = try ControlClient.ask(request, folder: host.data) {
      return try reply.decode(LedgerReport.self)
    }
    let lock = try DataFolder(existing: host.data)
    return try withExtendedLifetime(lock) {
      let store = try Store.open(directory: host.data, tuning: StoreTuning(host))
      defer { try? store.close() }
      let journal = try Journal.open(
        JournalConfiguration(host, faults: FaultPoints(nil)),
        storePosition: store.committedPosition)
      defer { journal.close() }
      let apps = Dictionary(try store.apps().map { ($0.number, $0.hex) }) { first, _ in first }
      return try LedgerDesk(store: store, journal: journal).report(appIDs: apps)
    }
  }
}
