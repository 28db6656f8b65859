import Glibc
import Harness

/// Runs the cases in turns: a, b, c, d, a, b, c, d, …
struct Bench {
  let options: Options

  func run() throws -> Report {
    var report = Report(syncMicroseconds: try Disk.syncMicroseconds(folder: options.folder))
    for round in 1...options.rounds {
      for kind in options.cases {
        let measurement =
          kind == .bareNIO ? try measureBareNIO(round) : try measureServer(kind, round)
        report.measurements[kind, default: []].append(measurement)
        let cpu = Report.padded(measurement.microsecondsPerRequest, 1, 8)
        print("round \(round)  \(kind.title): \(cpu) us/request")
        fflush(nil)
      }
    }
    if options.measuresPlugins { report.plugins = try measurePlugins() }
    return report
  }

  private func measurePlugins() throws -> PluginBench.Times {
    let bench = try PluginBench()
    defer { bench.end() }
    var times = PluginBench.Times()
    for _ in 1...options.rounds { try bench.measure(into: &times) }
    return times
  }

  private func measureBareNIO(_ round: Int) throws -> Measurement {
    let folder = try Files.temporaryFolder()
    defer { Files.remove(folder) }
    let port = try Ports.free()
    let started = Clock.now
    let process = try Subprocess(
      [Options.binaries + "/bare-nio", "\(port)"], logPath: folder + "/log")
    defer { process.killAndWait() }
    let first = try waitForFirstAnswer(process, port: port, "/i", since: started)
    let before = try ProcessUsage(of: process.pid)
    let wrk = try Wrk.run(
      .bareNIO, port: port, appKey: "none", firstMillisecond: firstMillisecond, seed: round,
      connections: options.connections, options: options)
    let after = try ProcessUsage(of: process.pid)
    return Measurement(
      wrk: wrk, cpuSeconds: after.cpuSeconds - before.cpuSeconds, accepted: wrk.requests,
      items: wrk.requests, drainSeconds: 0, idleMegabytes: before.residentMegabytes,
      peakMegabytes: after.peakMegabytes, afterMegabytes: after.residentMegabytes,
      firstRequestMilliseconds: first)
  }

  /// Timestamps lie some hours back, so that no run reaches the present.
  private var firstMillisecond: Int64 { Clock.unixMilliseconds - 12 * 3_600_000 }

  private func measureServer(_ kind: Case, _ round: Int) throws -> Measurement {
    let data = options.folder + "/tally-bench-\(getpid())"
    defer { Files.remove(data) }
    let server = try TallyServer(
      config: "host:\n  durability: \(kind.durability)\nplugins:\n  views: { enabled: true }\n",
      dataPath: data)
    let started = Clock.now
    try server.launch()
    guard let process = server.process else { throw HarnessError("no process") }
    let request = "/i?app_key=\(server.keys.appKey)&device_id=first&begin_session=1"
    let first = try waitForFirstAnswer(process, port: server.port, request, since: started)
    usleep(1_000_000)
    let before = try ProcessUsage(of: process.pid)
    let acceptedBefore = try server.metric("tally_requests_accepted_total") ?? 0
    let wrk = try Wrk.run(
      kind, port: server.port, appKey: server.keys.appKey, firstMillisecond: firstMillisecond,
      seed: round, connections: connections(kind), options: options)
    let loaded = Clock.now
    try server.settle(everyMilliseconds: 100)
    let drained = Clock.now
    let after = try ProcessUsage(of: process.pid)
    let accepted = (try server.metric("tally_requests_accepted_total") ?? 0) - acceptedBefore
    var measurement = Measurement(
      wrk: wrk, cpuSeconds: after.cpuSeconds - before.cpuSeconds, accepted: accepted,
      items: accepted * kind.itemsPerRequest, drainSeconds: drained - loaded,
      idleMegabytes: before.residentMegabytes, peakMegabytes: after.peakMegabytes,
      afterMegabytes: after.residentMegabytes, firstRequestMilliseconds: first)
    try addBooks(of: server, since: acceptedBefore, to: &measurement)
    return measurement
  }

  private func connections(_ kind: Case) -> Int {
    switch kind {
    case .bulk: options.bulkConnections
    case .latency: 16
    case .paced: options.pacedConnections
    default: options.connections
    }
  }

  /// What the server's own accounting says without the requests before the load, and what the
  /// store takes on the disk.
  private func addBooks(
    of server: TallyServer, since before: Double, to measurement: inout Measurement
  ) throws {
    guard server.terminate(seconds: 30) == .code(0) else {
      throw HarnessError("the server did not end well: \(server.log)")
    }
    measurement.diskBytes = Disk.bytesOfStore(server.dataPath)
    let (_, output) = try Subprocess.run(
      [TallyServer.binary, "verify", "--data", server.dataPath, "--json"], seconds: 300)
    let books = try JSON(output)["store"]
    measurement.duplicates = books?["items"]?["duplicate"]?.number ?? 0
    guard let rows = books?["rows"]?["raw rows"]?.number else {
      throw HarnessError("verify tells no raw rows: \(output)")
    }
    measurement.rawRows = rows - before
  }

  /// Milliseconds from the start of the process to its first 200.
  private func waitForFirstAnswer(
    _ process: Subprocess, port: UInt16, _ target: String, since started: Double
  ) throws -> Double {
    while Clock.now - started < 30, process.poll() == nil {
      let connection = HTTPConnection(port: port, seconds: 5)
      if let reply = try? connection.get(target), reply.status == 200 {
        return (Clock.now - started) * 1e3
      }
      usleep(1_000)
    }
    throw HarnessError("no answer from port \(port): \(process.log)")
  }
}
