import Harness

/// What plugins cost before they work: many of them at a start, and one that is switched on while
/// the server runs.
struct PluginBench {
  static let count = 40

  /// Medians of all rounds.
  struct Times {
    /// Milliseconds by which the first answer comes later.
    var load: [Double] = []
    /// Milliseconds from the edit of `plugins.yaml` to the first answer.
    var edit: [Double] = []
  }

  private let folder: String

  /// Builds the plugins.
  init() throws {
    folder = try Files.temporaryFolder()
    for number in 1...Self.count {
      try Fixture.compile(
        "many", ["-O2", "-DMANY_SYMBOL=many_\(number)", "-DMANY_NAME=\"many-\(number)\""],
        to: "\(folder)/libmany-\(number).so")
    }
  }

  func end() { Files.remove(folder) }

  func measure(into times: inout Times) throws {
    let without = try start(config(first: false, others: false)).milliseconds
    let (server, with) = try start(config(first: true, others: true))
    times.load.append(with - without)
    times.edit.append(try edit(server))
  }

  private func start(_ config: String) throws -> (server: TallyServer, milliseconds: Double) {
    let server = try TallyServer(config: config)
    let started = Clock.now
    try server.launch()
    try wait(server) { (try? server.connect().get("/o/ping"))?.status == 200 }
    return (server, (Clock.now - started) * 1e3)
  }

  /// Switches one plugin off, and on again.
  private func edit(_ server: TallyServer) throws -> Double {
    func isLive() -> Bool { (try? server.ask("method=many-1")) != nil }
    try wait(server, until: isLive)
    try Files.write(config(first: false, others: true), to: server.configPath)
    try wait(server) { !isLive() }
    let edited = Clock.now
    try Files.write(config(first: true, others: true), to: server.configPath)
    try wait(server, until: isLive)
    return (Clock.now - edited) * 1e3
  }

  private func wait(_ server: TallyServer, until holds: () throws -> Bool) throws {
    let began = Clock.now
    while try !holds() {
      guard Clock.now - began < 30, server.process?.poll() == nil else {
        throw HarnessError("the plugins do not come: \(server.log)")
      }
    }
  }

  private func config(first: Bool, others: Bool) -> String {
    let lines = (1...Self.count).map { number in
      "  many-\(number): "
        + "{ enabled: \(number == 1 ? first : others), path: \(folder)/libmany-\(number).so }\n"
    }
    return "host:\n  durability: fsync\nplugins:\n" + lines.joined()
  }
}
