import CBreadcrumb
import CIsolation
import Foundation
import PluginABI

/// A runner: one plugin in a process of its own. The main thread performs hooks, a second one answers
/// questions; both do what the host's messages say and nothing else.
package final class RunnerProgram: @unchecked Sendable {
  /// What the program brings: the filter of system calls, and their names.
  package struct Parts: Sendable {
    let lockDown: @Sendable () throws(PluginError) -> Void
    let nameOfCall: @Sendable (Int32) -> String

    package init(
      lockDown: @escaping @Sendable () throws(PluginError) -> Void,
      nameOfCall: @escaping @Sendable (Int32) -> String
    ) {
      self.lockDown = lockDown
      self.nameOfCall = nameOfCall
    }
  }

  private static let stackBytes = 8 << 20

  private let hooks: RunnerExchange
  /// Those of `Channel` beside the hooks'.
  private let others: [Channel: RunnerExchange]
  private let plugin: RunnerPlugin
  private let parts: Parts
  private let stage: RecordingStage
  private let calls: RunnerCalls

  /// Takes the descriptors a runner is born with, goes to jail and says hello. nil, and a line on
  /// standard error, when that cannot be.
  package init?(_ arguments: [String], parts: Parts) {
    guard let given = RunnerArguments(arguments),
      let hooks = RunnerExchange(.hook, batchBytes: given.batchBytes),
      let others = Self.others()
    else {
      Self.complain("is started by tally itself, for plugins with mode: isolated")
      return nil
    }
    // Opened while this process may: the user it becomes may not.
    let library = open(given.file, O_RDONLY | O_CLOEXEC)
    var jail = given.jail
    if let step = tally_jail_enter(&jail) {
      Self.complain("cannot take its limits: \(String(cString: step)): \(systemReason())")
      return nil
    }
    self.hooks = hooks
    self.others = others
    self.parts = parts
    plugin = RunnerPlugin(
      name: given.name, path: given.path, file: given.file, library: library)
    stage = RecordingStage(hooks)
    calls = RunnerCalls(plugin, refusals: Refusals(name: parts.nameOfCall))
    hooks.send(.hello)
  }

  private static func others() -> [Channel: RunnerExchange]? {
    var others: [Channel: RunnerExchange] = [:]
    for channel in Channel.allCases where channel != .hook {
      guard let exchange = RunnerExchange(channel) else { return nil }
      others[channel] = exchange
    }
    return others
  }

  private static func complain(_ text: String) {
    FileHandle.standardError.write(Data("tally-runner \(text)\n".utf8))
  }

  /// Does what the host says until it says the end.
  package func run() -> Never {
    while true {
      let (kind, message) = hooks.next()
      switch kind {
      case .load: plugin.load(hooks)
      case .begin: plugin.begin(hooks, message) { () throws(PluginError) in try lockDown() }
      case .end:
        plugin.end()
        hooks.send(.done)
        exit(0)
      default: perform(kind, message, stage)
      }
    }
  }

  private func perform(_ kind: Wire.Kind, _ message: WireReader, _ stage: RecordingStage) {
    do throws(WireDamage) { try calls.perform(kind, message, stage) } catch { exit(EX_PROTOCOL) }
  }

  /// Starts the threads of the other conversations, then gives up the right to start any.
  private func lockDown() throws(PluginError) {
    for (channel, exchange) in others where isNeeded(channel) {
      let thread = Thread { [self] in serve(channel, exchange) }
      thread.stackSize = Self.stackBytes
      thread.start()
    }
    tally_breadcrumb_install_beside()
    guard hooks.enterThread(), tally_breadcrumb_note_exits() == 0 else {
      throw PluginError(.runner, "a runner cannot watch its end: \(systemReason())")
    }
    guard tally_refusals_watch() == 0 else {
      throw PluginError(.runner, "a runner cannot watch system calls: \(systemReason())")
    }
    try parts.lockDown()
    stage.metrics = plugin.enrollment.metrics.count
    plugin.services?.speak(stage)
  }

  private func isNeeded(_ channel: Channel) -> Bool {
    switch channel {
    case .hook: false
    case .question: !plugin.enrollment.routes.isEmpty || plugin.enrollment.describe != nil
    case .commit: plugin.enrollment.has(.committed)
    case .job: plugin.services?.hasJobs == true
    case .intake: plugin.enrollment.has(.intake)
    }
  }

  private func serve(_ channel: Channel, _ exchange: RunnerExchange) {
    _ = exchange.enterThread()
    if channel == .question { return answerQuestions(exchange) }
    let stage = RecordingStage(exchange)
    plugin.services?.speak(stage)
    while true {
      let (kind, message) = exchange.next()
      perform(kind, message, stage)
    }
  }

  // MARK: Questions

  private func answerQuestions(_ questions: RunnerExchange) {
    let request = RemoteRequest(questions)
    plugin.services?.speak(request)
    let reply = request.makeReply()
    let stage = RecordingStage(questions)
    while true {
      let (kind, message) = questions.next()
      if kind == .describe {
        plugin.services?.speak(stage)
        perform(kind, message, stage)
        plugin.services?.speak(request)
        continue
      }
      guard kind == .answer, let place = try? request.begin(message),
        place >= 0, place < plugin.enrollment.routes.count
      else { exit(EX_PROTOCOL) }
      let route = plugin.enrollment.routes[place]
      let (status, reason) = ErrorText.collect(plugin.secrets) { error in
        withUnsafePointer(to: request.request) { question in
          withUnsafePointer(to: reply) { route.answer(plugin.instance, question, $0, error) }
        }
      }
      request.finish(
        status, status == TALLY_OK ? "" : reason, refusals: Refusals(name: parts.nameOfCall),
        services: plugin.services)
    }
  }
}

/// What a runner is started with.
struct RunnerArguments {
  let name: String
  /// As the operator knows the library.
  let path: String
  /// What is opened.
  let file: String
  let jail: tally_jail
  /// Bytes of the memory in which batches lie; 0 without.
  let batchBytes: Int

  /// nil when these are not the arguments of a runner.
  init?(_ arguments: [String]) {
    guard arguments.count == 9, let parent = Int32(arguments[4]),
      let memory = UInt64(arguments[5]), let processes = UInt64(arguments[6]),
      let files = UInt64(arguments[7]), let batchBytes = Int(arguments[8])
    else { return nil }
    self.batchBytes = batchBytes
    name = arguments[1]
    path = arguments[2]
    file = arguments[3]
    jail = tally_jail(
      address_space_bytes: memory, processes: processes, files: files,
      uid: IsolationPlan.userID, parent: parent, nice: IsolationPlan.nice)
  }
}
