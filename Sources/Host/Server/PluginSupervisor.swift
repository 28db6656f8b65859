import Foundation
import Logging
import PluginRuntime
import Synchronization

/// Keeps what runs as plugins.yaml says while the server runs: watches the file and the libraries it
/// names, and has the lifecycle follow. The file is the truth; a file that is refused changes
/// nothing.
final class PluginSupervisor: Sendable {
  /// How often the clock is looked at while something waits for its time.
  static let tickMilliseconds: Int32 = 1_000

  private struct State {
    var configuration: Configuration
    /// The files as they were just before they were last read.
    var stamps: [String: FileStamp] = [:]
    /// Why the file as it is now is not in force.
    var refusal: String?
  }

  private let lifecycle: Lifecycle
  private let plan: PluginPlan
  private let inputs: Configuration.Inputs
  private let log: Logger
  private let watch: FileWatch
  private let audit: ConfigurationAudit
  private let state: Mutex<State>
  /// One reading of the file at a time.
  private let reloading = Mutex(())
  private let isStopping = Atomic<Bool>(false)
  private let finished = DispatchSemaphore(value: 0)

  /// `configuration` is in force, and knows what it was read from.
  init(
    _ configuration: Configuration, lifecycle: Lifecycle, plan: PluginPlan,
    audit: ConfigurationAudit, log: Logger
  ) throws(CommandError) {
    guard let inputs = configuration.inputs else {
      throw CommandError(.system, "the configuration was not read from anywhere")
    }
    self.lifecycle = lifecycle
    self.plan = plan
    self.inputs = inputs
    self.log = log
    self.audit = audit
    watch = try FileWatch()
    state = Mutex(State(configuration: configuration))
    // Before anybody can change anything.
    audit.settle(configuration, text: nil, else: .start)
  }

  /// Begins to watch, on a thread of its own.
  func start() {
    let paths = paths
    watch.watch(paths)
    state.withLock { $0.stamps = FileStamp.of(paths) }
    Thread.start(name: "plugins") { self.run() }
  }

  /// Ends the watching; nothing changes any more. A plugin that hangs while it is started is not
  /// waited for.
  func stop(_ clock: StopClock) {
    isStopping.store(true, ordering: .releasing)
    lifecycle.close()
    watch.wake()
    if finished.wait(timeout: .now() + clock.remaining(.changes)) == .timedOut {
      clock.leave("a change of plugins")
    }
  }

  /// The file is about to say this: whoever writes it is named in the audit.
  func announce(_ text: String, by author: ConfigurationAuthor) {
    audit.announce(text, by: author)
  }

  /// Reads the file and follows it, at once. `again` also tries what failed before. Throws why the
  /// file is refused; then everything stays as it was.
  func reload(again: Bool) throws(CommandError) {
    var failure: CommandError?
    reloading.withLock { _ in
      do throws(CommandError) { try follow(again: again) } catch { failure = error }
    }
    // What changed may have to be looked at by the clock.
    watch.wake()
    if let failure { throw failure }
  }

  /// Why the file as it is now is not in force; nil when it is.
  var refusal: String? { state.withLock { $0.refusal } }

  // MARK: Watching

  private func run() {
    while !isStopping.load(ordering: .acquiring) {
      let happened = watch.wait(
        milliseconds: lifecycle.needsTicks ? Self.tickMilliseconds : -1)
      if isStopping.load(ordering: .acquiring) { break }
      // Folders may have come, and links may lead elsewhere.
      if happened { watch.watch(paths) }
      if happened, hasChanged { try? reload(again: false) }
      lifecycle.tick()
    }
    finished.signal()
  }

  /// Whether one of the files is not as it was read.
  private var hasChanged: Bool {
    let now = FileStamp.of(paths)
    return state.withLock { $0.stamps } != now
  }

  /// The file, whether it is there or not, and the libraries it names.
  private var paths: [String] {
    let configuration = state.withLock { $0.configuration }
    return [inputs.watchedPath] + plan.libraries(of: configuration)
  }

  // MARK: Following

  private func follow(again: Bool) throws(CommandError) {
    let began = Clock.monotonicSeconds
    do throws(CommandError) {
      try checkKind()
      let text = try? PluginEdit.text(of: inputs.watchedPath)
      let configuration = try read()
      try apply(configuration, again: again)
      audit.settle(configuration, text: text, else: .file)
    } catch {
      state.withLock { $0.refusal = error.description }
      log.error(
        "the configuration is refused; everything goes on as before",
        metadata: ["reason": "\(error)"])
      throw error
    }
    let running = lifecycle.statuses.filter { $0.state == .running }.map(\.name)
    log.info(
      "the configuration is live",
      metadata: [
        "milliseconds": "\(Int((Clock.monotonicSeconds - began) * 1_000))",
        "plugins": "\(running.joined(separator: " "))",
      ])
  }

  /// What is no file is not even opened: a pipe would be waited for.
  private func checkKind() throws(CommandError) {
    var info = stat()
    guard stat(inputs.watchedPath, &info) == 0, info.st_mode & S_IFMT != S_IFREG else { return }
    state.withLock { $0.stamps[inputs.watchedPath] = FileStamp(inputs.watchedPath) }
    throw CommandError(
      .invalidArgument, "\(inputs.watchedPath) is a folder or a pipe; put the file back")
  }

  private func read() throws(CommandError) -> Configuration {
    let path = inputs.watchedPath
    let before = state.withLock { state in
      state.stamps[path] = FileStamp(path)
      return state.configuration
    }
    if let file = before.file, FileManager.default.contents(atPath: path)?.isEmpty ?? true {
      throw CommandError(
        .invalidArgument, "\(file) is gone or empty, or cannot be read; put it back")
    }
    do throws(ConfigurationError) { return try Configuration.load(inputs) } catch {
      throw CommandError(.invalidArgument, error.description)
    }
  }

  private func apply(_ configuration: Configuration, again: Bool) throws(CommandError) {
    let libraries = FileStamp.of(plan.libraries(of: configuration))
    do throws(PluginError) {
      try lifecycle.apply(plan.plugins(of: configuration), isStrict: true, again: again)
    } catch {
      throw CommandError(.invalidArgument, error.description)
    }
    let path = inputs.watchedPath
    let before = state.withLock { state in
      defer { state.configuration = configuration }
      state.refusal = nil
      let file = state.stamps[path] ?? FileStamp(path)
      state.stamps = libraries.merging([path: file]) { _, file in file }
      return state.configuration
    }
    watch.watch([path] + libraries.keys)
    if configuration.host != before.host {
      log.warning("settings of the host take effect at the next start")
    }
  }
}
