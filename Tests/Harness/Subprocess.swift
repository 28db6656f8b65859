import Glibc

/// A child process whose pid the test holds, so that it can be killed at a chosen moment.
package final class Subprocess: @unchecked Sendable {
  package let pid: pid_t
  package let logPath: String
  private var status: ExitStatus?

  /// How a process ended.
  package enum ExitStatus: Equatable, Sendable {
    case code(Int32)
    case signal(Int32)
  }

  /// Starts `arguments[0]`, with standard output and error appended to the file at `logPath`.
  /// `environment` is added to the test's own.
  package init(
    _ arguments: [String], environment: [String: String] = [:], logPath: String,
    workingDirectory: String? = nil
  ) throws(HarnessError) {
    self.logPath = logPath
    // `env` replaces itself with the command, so the pid stays the command's.
    let arguments = (workingDirectory.map { ["env", "-C", $0] } ?? []) + arguments
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, logPath, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    try Self.keepDescriptorsFromChild(&actions)
    // Threads of the test runner block signals, and children inherit that: they start afresh.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var pid: pid_t = 0
    let failure = withCStrings(arguments) { argv in
      withCStrings(Self.merged(environment)) { envp in
        posix_spawnp(&pid, arguments[0], &actions, &attributes, argv, envp)
      }
    }
    guard failure == 0 else {
      throw HarnessError("cannot start \(arguments[0]): \(String(cString: strerror(failure)))")
    }
    self.pid = pid
  }

  /// A server that outlives the test must not hold what the test's process opened, such as locks,
  /// pipes and sockets; nor what another thread opens at this moment, which is why the child closes
  /// them. The C library shows this function to C alone.
  private static func keepDescriptorsFromChild(
    _ actions: inout posix_spawn_file_actions_t
  ) throws(HarnessError) {
    typealias AddCloseFrom =
      @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32
    guard let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") else {
      throw HarnessError("the C library is older than 2.34")
    }
    _ = unsafeBitCast(symbol, to: AddCloseFrom.self)(&actions, 3)
  }

  private static func merged(_ added: [String: String]) -> [String] {
    var lines: [String] = []
    var cursor = environ
    while let entry = cursor.pointee {
      let line = String(cString: entry)
      let name = String(line.prefix { $0 != "=" })
      if added[name] == nil { lines.append(line) }
      cursor += 1
    }
    return lines + added.map { "\($0.key)=\($0.value)" }
  }

  /// Sends a signal; nothing happens when the process is gone already.
  package func send(_ signal: Int32) {
    if poll() == nil { kill(pid, signal) }
  }

  /// How the process ended, or nil while it runs.
  package func poll() -> ExitStatus? { reap(options: WNOHANG) }

  /// Waits for the end; nil when `seconds` pass before it.
  package func wait(seconds: Double) -> ExitStatus? {
    let deadline = Clock.now + seconds
    while Clock.now < deadline {
      if let status = poll() { return status }
      usleep(2_000)
    }
    return poll()
  }

  /// Kills the process (SIGKILL) and waits for its end.
  package func killAndWait() {
    send(SIGKILL)
    _ = reap(options: 0)
  }

  private func reap(options: Int32) -> ExitStatus? {
    if let status { return status }
    var raw: Int32 = 0
    guard waitpid(pid, &raw, options) == pid else { return nil }
    let signal = raw & 0x7f
    status = signal == 0 ? .code((raw >> 8) & 0xff) : .signal(signal)
    return status
  }

  /// Everything the process has written so far.
  package var log: String { (try? Files.text(logPath)) ?? "" }

  /// Runs a command to its end and answers how it ended and what it wrote.
  package static func run(
    _ arguments: [String], environment: [String: String] = [:], seconds: Double = Patience.seconds
  ) throws(HarnessError) -> (status: ExitStatus, output: String) {
    let folder = try Files.temporaryFolder()
    defer { Files.remove(folder) }
    let process = try Subprocess(arguments, environment: environment, logPath: folder + "/log")
    guard let status = process.wait(seconds: seconds) else {
      process.killAndWait()
      throw HarnessError("\(arguments) took longer than \(seconds) s: \(process.log)")
    }
    return (status, process.log)
  }
}

private func withCStrings<R>(
  _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
  let copies = strings.map { strdup($0) } + [nil]
  defer { copies.forEach { free($0) } }
  var pointers = copies
  return pointers.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { preconditionFailure("never empty") }
    return body(base)
  }
}
