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
  private let questions: RunnerExchange
  private let plugin: RunnerPlugin
  private let parts: Parts
  private let stage: RecordingStage
  private let table: tally_effects

  /// Takes the descriptors a runner is born with, goes to jail and says hello. nil, and a line on
  /// standard error, when that cannot be.
  package init?(_ arguments: [String], parts: Parts) {
    guard let given = RunnerArguments(arguments),
      let hooks = RunnerExchange(
        requests: .hookRequests, bytes: Wire.hookRequestBytes, replies: .hookReplies,
        bell: .hookBell, replyBell: .hookReplyBell, batchBytes: given.batchBytes),
      let questions = RunnerExchange(
        requests: .questionRequests, bytes: Wire.blockBytes, replies: .questionReplies,
        bell: .questionBell, replyBell: .questionReplyBell)
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
    self.questions = questions
    self.parts = parts
    plugin = RunnerPlugin(
      name: given.name, path: given.path, file: given.file, library: library)
    stage = RecordingStage(hooks)
    table = stage.makeTable()
    hooks.send(.hello)
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
      case .process: process(message)
      case .reduce: reduce(message)
      case .end:
        plugin.end()
        hooks.send(.done)
        exit(0)
      default: exit(EX_PROTOCOL)
      }
    }
  }

  /// Starts the thread of questions, then gives up the right to start any.
  private func lockDown() throws(PluginError) {
    let thread = Thread { [self] in answerQuestions() }
    thread.stackSize = Self.stackBytes
    thread.start()
    guard tally_refusals_watch() == 0 else {
      throw PluginError(.runner, "a runner cannot watch system calls: \(systemReason())")
    }
    try parts.lockDown()
    stage.metrics = plugin.enrollment.metrics.count
  }

  private var refusals: Refusals { Refusals(name: parts.nameOfCall) }

  // MARK: Hooks

  private func process(_ message: WireReader) {
    var message = message
    guard let call = try? stage.begin(&message), call.hook < plugin.enrollment.hooks.count else {
      exit(EX_PROTOCOL)
    }
    let hook = plugin.enrollment.hooks[call.hook]
    let (status, reason) = ErrorText.collect { error in
      withUnsafePointer(to: table) { effects in
        hook.process(plugin.instance, stage.batch, call.facts, effects, error)
      }
    }
    stage.finish(status, status == TALLY_OK ? "" : reason, refusals: refusals)
  }

  /// Receives what a reduce puts.
  private final class Document {
    var bytes: [UInt8]?
  }

  private func reduce(_ message: WireReader) {
    let document = Document()
    guard let (status, reason) = try? reduce(message, into: document) else { exit(EX_PROTOCOL) }
    put(status, reason, document)
    if hooks.writer.isFull {
      hooks.writer.reset()
      document.bytes = nil
      put(TALLY_LIMIT, "the document is over the isolated lane's limit", document)
    }
    hooks.send(.done)
  }

  private func put(_ status: tally_status, _ reason: String, _ document: Document) {
    hooks.writer.put(UInt64(bitPattern: Int64(status)))
    hooks.writer.put(status == TALLY_OK ? "" : reason)
    hooks.writer.put(document.bytes == nil ? 0 : 1)
    (document.bytes ?? []).withUnsafeBytes { hooks.writer.put($0) }
  }

  private func reduce(
    _ message: WireReader, into document: Document
  ) throws(WireDamage) -> (tally_status, String) {
    var message = message
    let (place, app) = try message.pair()
    guard Int(place) < plugin.enrollment.collections.count else { throw WireDamage() }
    let key = try message.tallyText()
    let old = tally_bytes(try message.data())
    var payloads: [tally_bytes] = []
    for _ in 0..<(try message.word()) { payloads.append(tally_bytes(try message.data())) }
    let reduce = plugin.enrollment.collections[Int(place)].reduce
    return payloads.withUnsafeBufferPointer { payloads in
      var fold = tally_fold()
      fold.struct_size = UInt32(MemoryLayout<tally_fold>.size)
      (fold.collection, fold.app, fold.n_payloads) = (place + 1, app, UInt32(payloads.count))
      (fold.key, fold.document, fold.payloads) = (key, old, payloads.baseAddress)
      fold.ctx = Unmanaged.passUnretained(document).toOpaque()
      fold.put = { ctx, bytes in
        guard let ctx else { return }
        Unmanaged<Document>.fromOpaque(ctx).takeUnretainedValue().bytes = Array(bytes.bytes)
      }
      return withExtendedLifetime(document) {
        withUnsafePointer(to: fold) { fold in
          ErrorText.collect { reduce(plugin.instance, fold, $0) }
        }
      }
    }
  }

  // MARK: Questions

  private func answerQuestions() {
    let request = RemoteRequest(questions)
    let reply = request.makeReply()
    while true {
      let (kind, message) = questions.next()
      guard kind == .answer, let place = try? request.begin(message),
        place >= 0, place < plugin.enrollment.routes.count
      else { exit(EX_PROTOCOL) }
      let route = plugin.enrollment.routes[place]
      let (status, reason) = ErrorText.collect { error in
        withUnsafePointer(to: request.request) { question in
          withUnsafePointer(to: reply) { route.answer(plugin.instance, question, $0, error) }
        }
      }
      request.finish(status, status == TALLY_OK ? "" : reason, refusals: refusals)
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
