import CIsolation
import Foundation
import Logging

/// The thread that starts the runners of one plugin, one after another, hears what they say and
/// notes their end. It lives as long as the lane: a runner dies with the thread that started it.
final class RunnerKeeper: @unchecked Sendable {
  private let plan: IsolationPlan
  private let output: RunnerOutput
  private let batches: BatchMemory?
  private let state = NSCondition()
  private var wanted: ((Result<RunnerProcess, PluginError>) -> Void)?
  private var isClosed = false

  init(_ plan: IsolationPlan, output: RunnerOutput, batches: BatchMemory?) {
    self.plan = plan
    self.batches = batches
    self.output = output
    let thread = Thread { [self] in run() }
    thread.name = "runner " + plan.name.prefix(8)
    thread.start()
  }

  /// Starts a runner; it has not said hello yet.
  func start() throws(PluginError) -> RunnerProcess {
    let done = DispatchSemaphore(value: 0)
    nonisolated(unsafe) var result: Result<RunnerProcess, PluginError>?
    state.withLock {
      wanted = {
        result = $0
        done.signal()
      }
      state.signal()
    }
    done.wait()
    guard let result else { preconditionFailure("the keeper answers before it signals") }
    return try result.get()
  }

  /// Ends the thread, when the last runner has ended.
  func close() {
    state.withLock {
      isClosed = true
      state.signal()
    }
  }

  private func run() {
    while let answer = next() {
      let started = Result { () throws(PluginError) in try spawn() }
      answer(started.map { $0.process })
      if case .success(let (process, ends)) = started { watch(process, ends) }
    }
  }

  private func next() -> ((Result<RunnerProcess, PluginError>) -> Void)? {
    state.withLock {
      while wanted == nil, !isClosed { state.wait() }
      defer { wanted = nil }
      return wanted
    }
  }

  // MARK: Starting

  /// The host's ends of what a runner writes to.
  private struct Ends {
    var output: Int32 = -1
    var errors: Int32 = -1
    var log: Int32 = -1
  }

  private func spawn() throws(PluginError) -> (process: RunnerProcess, ends: Ends) {
    var channels: [HostExchange] = []
    for channel in Channel.allCases { channels.append(try HostExchange(channel)) }
    var ends = Ends()
    var theirs = Ends()
    let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
    defer {
      for one in [input, theirs.output, theirs.errors, theirs.log] { Foundation.close(one) }
    }
    guard input >= 0, tally_pipe_make(&ends.output, &theirs.output) == 0,
      tally_pipe_make(&ends.errors, &theirs.errors) == 0,
      tally_packets_make(&ends.log, &theirs.log) == 0
    else {
      throw PluginError(
        .runner, "\(plan.name): no pipes for a runner: \(systemReason()); raise `ulimit -n`")
    }
    let descriptors =
      [input, theirs.output, theirs.errors, theirs.log] + channels.flatMap(\.descriptors)
      + [batches?.descriptor ?? input]
    let identifier = spawn(with: descriptors)
    let reason = systemReason()
    let watched = identifier > 0 ? tally_process_open(identifier) : -1
    guard watched >= 0 else {
      if identifier > 0 { Foundation.kill(identifier, SIGKILL) }
      for one in [ends.output, ends.errors, ends.log] { Foundation.close(one) }
      throw PluginError(
        .runner,
        "\(plan.name): \(plan.program) cannot be started: \(reason); install it beside tally, "
          + "or write mode: inproc")
    }
    for channel in channels { channel.closeDescriptors() }
    return (RunnerProcess(channels, identifier: identifier, descriptor: watched), ends)
  }

  private func spawn(with descriptors: [Int32]) -> pid_t {
    // Only a user of their own can be held to a number: the host's user has other processes too.
    let processesMax = geteuid() == 0 ? plan.limits.processesMax : 0
    let arguments = [
      plan.program, plan.name, plan.path, plan.file, "\(getpid())",
      "\(plan.limits.addressSpaceBytesMax)", "\(processesMax)", "\(plan.limits.filesMax)",
      "\(batches == nil ? 0 : BatchMemory.bytes)",
    ]
    // Nothing of the host's environment is the plugin's business.
    var environment = ["SWIFT_BACKTRACE=enable=no", "LANG=C.UTF-8", "TZ=UTC"]
    if let path = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"] {
      environment.append("LD_LIBRARY_PATH=" + path)
    }
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = environment.map { strdup($0) } + [nil]
    defer { for text in argv + envp { free(text) } }
    return tally_runner_spawn(plan.program, &argv, &envp, descriptors, Int32(descriptors.count))
  }

  // MARK: Listening

  private func watch(_ process: RunnerProcess, _ ends: Ends) {
    defer { for one in [ends.output, ends.errors, ends.log] { Foundation.close(one) } }
    var sources = [
      RunnerOutput.Source(ends.output, .output), RunnerOutput.Source(ends.errors, .errors),
      RunnerOutput.Source(ends.log, .log),
    ]
    while true {
      var waits = sources.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
      waits.append(pollfd(fd: process.descriptor, events: Int16(POLLIN), revents: 0))
      guard poll(&waits, nfds_t(waits.count), -1) >= 0 else { continue }
      for place in sources.indices where waits[place].revents != 0 {
        output.read(&sources[place])
      }
      if waits[sources.count].revents != 0 { break }
    }
    for place in sources.indices { output.finish(&sources[place]) }
    process.bury()
  }
}
