import Foundation

/// This program once more, in a process of its own, so that what it does there ends nothing here.
struct ChildProcess {
  /// How it ended.
  enum End: Equatable {
    case exit(Int32)
    case signal(Int32)
    case timeout

    /// In words, for what went wrong.
    var description: String {
      switch self {
      case .exit(let code): "ended with status \(code)"
      case .signal(let number): "died of signal \(number) (\(Self.name(of: number)))"
      case .timeout: "did not end in time"
      }
    }

    private static func name(of number: Int32) -> String {
      let names = [
        SIGSEGV: "SIGSEGV", SIGABRT: "SIGABRT", SIGILL: "SIGILL", SIGBUS: "SIGBUS",
        SIGFPE: "SIGFPE", SIGTRAP: "SIGTRAP", SIGKILL: "SIGKILL", SIGSYS: "SIGSYS",
      ]
      return names[number] ?? "unknown"
    }
  }

  /// Bytes kept of what it printed: the end.
  static let outputBytesMax = 4_096
  private static let pollSeconds = 0.005

  let end: End
  let output: String

  /// Runs `tally` with these arguments; what it prints goes to a file of `folder`.
  init(_ arguments: [String], folder: String, timeoutSeconds: Double) throws {
    try self.init(
      program: "/proc/self/exe", arguments, folder: folder, timeoutSeconds: timeoutSeconds)
  }

  init(
    program: String, _ arguments: [String], folder: String, timeoutSeconds: Double
  ) throws {
    let outputPath = folder + "/output"
    guard FileManager.default.createFile(atPath: outputPath, contents: nil),
      let file = FileHandle(forWritingAtPath: outputPath)
    else { throw CommandError(.system, "\(outputPath) cannot be written") }
    let process = Process()
    process.executableURL = URL(filePath: program).resolvingSymlinksInPath()
    process.arguments = arguments
    // Swift's own report of a crash takes seconds and names the host's frames.
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["SWIFT_BACKTRACE": "enable=no"], uniquingKeysWith: { _, new in new })
    process.standardOutput = file
    process.standardError = file
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let deadline = ContinuousClock.now + .seconds(timeoutSeconds)
    while process.isRunning, ContinuousClock.now < deadline {
      Thread.sleep(forTimeInterval: Self.pollSeconds)
    }
    let isLate = process.isRunning
    if isLate { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    end =
      isLate
      ? .timeout
      : process.terminationReason == .uncaughtSignal
        ? .signal(process.terminationStatus) : .exit(process.terminationStatus)
    let bytes = FileManager.default.contents(atPath: outputPath) ?? Data()
    output = String(decoding: bytes.suffix(Self.outputBytesMax), as: UTF8.self)
  }
}
