import ArgumentParser
import Foundation
import Logging
import Store

/// `tally deadletter`
struct DeadLetterCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deadletter",
    abstract: "Look at items a plugin could not take; have them counted, or drop them.",
    discussion: "Works whether or not a server runs on the data folder.",
    subcommands: [List.self, Show.self, Replay.self, Drop.self])

  /// Which letters a command is about.
  struct Selection: ParsableArguments {
    @Argument(help: "Numbers of dead letters.") var ids: [Int64] = []
    @Option(help: "All letters of this plugin.") var plugin: String?
    @Flag(help: "All letters.") var all = false

    func validate() throws {
      let ways = (ids.isEmpty ? 0 : 1) + (plugin == nil ? 0 : 1) + (all ? 1 : 0)
      guard ways == 1 else {
        throw ValidationError("Name the letters by number, by --plugin, or by --all.")
      }
    }

    func numbers(_ desk: DeadLetterAccess) throws -> [Int64] {
      guard ids.isEmpty else { return ids }
      return try desk.list(plugin: plugin, limit: DeadLetterDesk.listMax).letters.map(\.id)
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List dead letters, oldest first.")
    @OptionGroup var options: ConfigurationOptions
    @Option(help: "Only those of this plugin.") var plugin: String?
    @Option(help: "How many at most.") var limit = 100
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
      let list = try DeadLetterAccess(options).list(plugin: plugin, limit: limit)
      if json { return try Console.write(json: list) }
      for letter in list.letters { Console.write(letter.line) }
      Console.write("\(list.total) dead letters, \(list.letters.count) shown")
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show one dead letter with its request.")
    @OptionGroup var options: ConfigurationOptions
    @Argument(help: "The letter's number.") var id: Int64
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
      let reply = try DeadLetterAccess(options).ask(.show(id))
      let letter = try reply.decode(DeadLetterReport.self)
      if json { try Console.write(json: letter) } else { Console.write(letter.text) }
    }
  }

  struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put items through their plugin again, and through no other.",
      discussion: """
        The plugin sees the item with the facts of its time and with what it keeps of the user at \
        this moment. What it takes is counted and its letter removed in one transaction; what it \
        refuses stays. Ends with status 1 when a letter stays.
        """)
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var selection: Selection
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
      let access = DeadLetterAccess(options)
      try access.withPipeline { access in
        var outcomes: [DeadLetterReplay.Outcome] = []
        for id in try selection.numbers(access) {
          outcomes.append(try access.ask(.replay(id)).decode(DeadLetterReplay.Outcome.self))
        }
        if json {
          try Console.write(json: outcomes)
        } else {
          for outcome in outcomes {
            let verdict = outcome.isCounted ? "counted" : "refused again"
            Console.write("\(outcome.id)  \(outcome.plugin)  \(verdict): \(outcome.note)")
          }
        }
        if outcomes.contains(where: { !$0.isCounted }) { throw ExitCode.failure }
      }
    }
  }

  struct Drop: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Forget dead letters for good; their raw rows stay.")
    @OptionGroup var options: ConfigurationOptions
    @OptionGroup var selection: Selection
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
      let access = DeadLetterAccess(options)
      let ids = try selection.numbers(access)
      for id in ids { _ = try access.ask(.drop(id)) }
      if json { return try Console.write(json: ["dropped": ids.count]) }
      Console.write("\(ids.count) dropped")
    }
  }
}

/// Reaches dead letters through the server that runs, else in the folder itself.
final class DeadLetterAccess {
  private let options: ConfigurationOptions
  private var core: Core?

  init(_ options: ConfigurationOptions) { self.options = options }

  func list(plugin: String?, limit: Int) throws -> DeadLetterDesk.List {
    try ask(.list(plugin: plugin, limit: limit)).decode(DeadLetterDesk.List.self)
  }

  func ask(_ request: DeadLetterRequest) throws -> ControlReply {
    if let core { return try request.perform(core.deadLetters, pipeline: core.pipeline) }
    let host = try options.load().host
    if let reply = try ControlClient.ask(request.controlRequest, folder: host.data) { return reply }
    let lock = try DataFolder(existing: host.data)
    return try withExtendedLifetime(lock) {
      let store = try Store.open(directory: host.data, tuning: StoreTuning(host))
      defer { try? store.close() }
      return try request.perform(DeadLetterDesk(store: store), pipeline: nil)
    }
  }

  /// Runs `body` with a server that can replay: the one that runs, else everything of it but its
  /// listening.
  func withPipeline(_ body: (DeadLetterAccess) throws -> Void) throws {
    let configuration = try options.load()
    let folder = configuration.host.data
    let probe = DeadLetterRequest.list(plugin: nil, limit: 0).controlRequest
    guard try ControlClient.ask(probe, folder: folder) == nil else { return try body(self) }
    let lock = try DataFolder(existing: folder)
    try withExtendedLifetime(lock) {
      LoggingSystem.bootstrap(StreamLogHandler.standardError)
      var log = Logger(label: "tally")
      log.logLevel = .warning
      let core = try Core(configuration, log: log)
      core.start()
      self.core = core
      defer { core.stop() }
      try body(self)
    }
  }
}
