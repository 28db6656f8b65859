import Logging

/// Everything needed to run one plugin in a process of its own.
package struct IsolationPlan: Sendable {
  /// The bounds of runners.
  package struct Limits: Sendable {
    /// The longest that a hook may take for one batch, and a reduce for one document, without what
    /// the host takes for services.
    package var hookDeadline = Duration.seconds(2)
    /// The longest that a hook may compute for one batch. Waiting for a processor is not computing.
    package var hookComputing = Duration.milliseconds(250)
    /// The longest that a request waits for intake hooks, from its arrival on; then it is accepted
    /// without them.
    package var intakeDeadline = Duration.milliseconds(20)
    /// The longest that loading, creating, enrolling and starting may take together.
    package var startDeadline = Duration.seconds(10)
    /// The longest that drain, stop and destroy may take together, the call that runs included.
    package var endDeadline = Duration.seconds(2)
    /// Memory a plugin may map, on top of what the runner itself has mapped.
    package var addressSpaceBytesMax: UInt64 = 1 << 30
    /// Threads and processes of the runners' own user.
    package var processesMax: UInt64 = 512
    package var filesMax: UInt64 = 64
    /// What one call of a hook may ask for, as it lies in memory.
    package var effectBytesMax = 256 << 20
    /// Lines of standard output and error that are kept in one second.
    package var linesPerSecondMax = 100

    package init() {}
  }

  /// Who a runner becomes when the host is root: nobody, who owns nothing.
  static let userID: UInt32 = 65_534
  static let nice: Int32 = 10

  let name: String
  /// The library, absolute.
  let path: String
  /// What is opened in its place: a private copy, or the library itself.
  private(set) var file: String
  /// The program `tally-runner`.
  let program: String
  let limits: Limits

  package init(name: String, path: String, program: String, limits: Limits = Limits()) {
    self.name = name
    self.path = path
    file = path
    self.program = program
    self.limits = limits
  }

  /// The same plugin out of another file.
  func reading(_ file: String) -> IsolationPlan {
    var plan = self
    plan.file = file
    return plan
  }
}

/// What became of an isolated plugin so far; for metrics and lists.
package struct IsolationStatus: Sendable, Equatable {
  /// Runners started after the first.
  package var restarts = 0
  package var faults = 0
  /// System calls that were refused.
  package var refusedCalls = 0
  /// Lines of output over the limit.
  package var droppedLines = 0
  /// The process id of the runner, while one runs.
  package var process: Int32?
  /// Why the plugin was given up.
  package var quarantine: String?

  package init() {}
}
