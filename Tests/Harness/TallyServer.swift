import Glibc

/// A server under test: a data folder, a port, and the process that serves it, started and killed
/// as often as the test likes.
package final class TallyServer: @unchecked Sendable {
  package let folder: String
  package let dataPath: String
  package let port: UInt16
  package let keys: Keys
  package private(set) var process: Subprocess?
  package let configPath: String
  /// What starts the program, and becomes it: `prlimit …`.
  package var launcher: [String] = []

  /// Every plugin of the repository; journal segments so small that tests go through many, and
  /// questions that wait for what was accepted before them.
  package static let everything = """
    host:
      limits: { journal_segment_bytes: 1048576, read_wait_ms: 5000 }
    plugins:
      views: { enabled: true }

    """

  /// What `tally setup` made.
  package struct Keys: Sendable {
    package let apiKey: String
    package let appID: String
    package let appKey: String
  }

  /// The executable: TALLY_BINARY, else `tally` in the folder the test bundle was built into.
  package static let binary: String = {
    if let path = Environment["TALLY_BINARY"] { return path }
    let resolved = realpath("/proc/self/exe", nil)
    defer { free(resolved) }
    let own = resolved.map { String(cString: $0) } ?? ""
    return own.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      .joined(separator: "/") + "/tally"
  }()

  /// Sets up a new data folder. `dataPath` is where it lies when it is not below `folder`.
  /// `config` is the text of a `plugins.yaml`.
  package init(
    zone: String = "Europe/Istanbul", config: String = TallyServer.everything,
    dataPath: String? = nil
  ) throws(HarnessError) {
    folder = try Files.temporaryFolder()
    self.dataPath = dataPath ?? folder + "/data"
    port = try Ports.free()
    configPath = folder + "/plugins.yaml"
    try Files.write(config, to: configPath)
    do {
      keys = try Self.setup(data: self.dataPath, zone: zone)
    } catch {
      Files.remove(folder)
      throw error
    }
  }

  deinit {
    process?.killAndWait()
    if Environment["KEEP"] == nil { Files.remove(folder) }
  }

  private static func setup(data: String, zone: String) throws(HarnessError) -> Keys {
    let (status, output) = try Subprocess.run([
      binary, "setup", "--data", data, "--username", "owner", "--password", "Secret-Passw0rd",
      "--app", "Shop", "--timezone", zone, "--json",
    ])
    guard status == .code(0),
      let line = output.split(separator: "\n").last(where: { $0.hasPrefix("{") })
    else { throw HarnessError("setup ended with \(status): \(output)") }
    let made = try JSON(line)
    guard let apiKey = made["api_key"]?.string, let appID = made["app_id"]?.string,
      let appKey = made["app_key"]?.string
    else { throw HarnessError("setup printed \(line)") }
    return Keys(apiKey: apiKey, appID: appID, appKey: appKey)
  }

  package var logPath: String { folder + "/log" }
  package var log: String { (try? Files.text(logPath)) ?? "" }

  /// A read waits for the commit of what was accepted before it, however busy the machine is. Many
  /// servers of tests are made to die, and to tell where takes a debug build a minute:
  /// SWIFT_BACKTRACE=enable=yes has it told.
  private static let patience = [
    "TALLY_READ_WAIT_MS": "20000",
    "SWIFT_BACKTRACE": Environment["SWIFT_BACKTRACE"] ?? "enable=no",
  ]

  /// Starts the server without waiting for it.
  package func launch(
    environment: [String: String] = [:], arguments more: [String] = []
  ) throws(HarnessError) {
    let arguments =
      launcher + [
        Self.binary, "serve", "--data", dataPath, "--listen", "127.0.0.1:\(port)", "--config",
        configPath,
      ] + more
    process = try Subprocess(
      arguments, environment: Self.patience.merging(environment) { _, given in given },
      logPath: logPath, workingDirectory: folder)
  }

  /// Starts the server and waits until it answers; throws with its log when it does not.
  package func start(
    environment: [String: String] = [:], seconds: Double = Patience.seconds
  ) throws(HarnessError) {
    try launch(environment: environment)
    guard waitUntilReady(seconds: seconds) else {
      let ended = process?.poll().map { "\($0)" } ?? "still running"
      kill()
      throw HarnessError("the server did not start (\(ended)): \(log.suffix(2_000))")
    }
  }

  /// Whether the server answers `/o/ping` before it ends or `seconds` pass.
  package func waitUntilReady(seconds: Double = Patience.seconds) -> Bool {
    var left = Patience.Countdown(seconds)
    while !left.isOver, process?.poll() == nil {
      let connection = HTTPConnection(port: port, seconds: 2)
      if let reply = try? connection.get("/o/ping"), reply.status == 200 { return true }
      usleep(5_000)
    }
    return false
  }

  /// kill -9.
  package func kill() {
    process?.killAndWait()
    process = nil
  }

  /// SIGTERM; how the server ended, or nil when it did not within `seconds`.
  package func terminate(seconds: Double = 5) -> Subprocess.ExitStatus? {
    process?.send(SIGTERM)
    let status = process?.wait(seconds: seconds)
    if status != nil { process = nil }
    return status
  }

  package func connect(seconds: Int = 10) -> HTTPConnection {
    HTTPConnection(port: port, seconds: seconds)
  }

  /// A number from `/metrics`; the sum over its labels.
  package func metric(_ name: String) throws(HarnessError) -> Double? {
    Self.metric(name, in: try connect().get("/metrics").text)
  }

  private static func metric(_ name: String, in text: String) -> Double? {
    let values = text.split(separator: "\n").compactMap { line -> Double? in
      guard line.hasPrefix(name + " ") || line.hasPrefix(name + "{"),
        let value = line.split(separator: " ").last
      else { return nil }
      return Double(value)
    }
    return values.isEmpty ? nil : values.reduce(0, +)
  }

  /// Waits until everything durable is committed to the store, and asks so often. An answer costs the
  /// server about two milliseconds of processor time, which benchmarks count.
  package func settle(everyMilliseconds: UInt32 = 20) throws(HarnessError) {
    let connection = connect()
    var positions: (durable: Double?, stored: Double?) = (nil, nil)
    let isSettled = try Patience.wait(everyMilliseconds: everyMilliseconds) {
      () throws(HarnessError) -> Bool in
      let text = try connection.get("/metrics").text
      positions.durable = Self.metric("tally_journal_durable_position", in: text)
      positions.stored = Self.metric("tally_store_position", in: text)
      return positions.durable != nil && positions.durable == positions.stored
    }
    guard isSettled else {
      throw HarnessError("the store did not catch up with the journal: \(positions), \(log)")
    }
  }

  /// Counts its raw items once more with `tally rebuild`; how that ended, and what it printed last.
  package func rebuild() throws(HarnessError) -> (status: Subprocess.ExitStatus, report: String) {
    let (status, output) = try Subprocess.run(
      [Self.binary, "rebuild", "--data", dataPath, "--config", configPath, "--json"])
    return (status, output.split(separator: "\n").last.map(String.init) ?? "")
  }

  /// A `/o` question about the app, as JSON.
  package func ask(_ query: String) throws(HarnessError) -> JSON {
    let target = "/o?api_key=\(keys.apiKey)&app_id=\(keys.appID)&\(query)"
    let reply = try connect(seconds: 30).get(target)
    guard reply.status == 200 else {
      throw HarnessError("\(query) answered \(reply.status) \(reply.text)")
    }
    return try JSON(reply.text)
  }
}
