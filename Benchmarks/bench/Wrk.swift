import Harness

/// One run of the load generator.
struct Wrk {
  let requests: Double
  let requestsPerSecond: Double
  let refused: Double
  let broken: Double
  let p50Microseconds: Double
  let p99Microseconds: Double
  let eventsPerItem: Double

  /// Timestamps of a run begin at `firstMillisecond` and count up.
  static func run(
    _ kind: Case, port: UInt16, appKey: String, firstMillisecond: Int64, seed: Int,
    connections: Int, options: Options
  ) throws -> Wrk {
    let (status, output) = try Subprocess.run(
      [
        "wrk", "-t1", "-c\(connections)", "-d\(options.seconds)s",
        "-s", options.scripts + "/" + kind.script, "http://127.0.0.1:\(port)",
        "--", appKey, "\(firstMillisecond)", "\(seed)",
      ], environment: ["WORKLOAD": options.scripts], seconds: Double(options.seconds) + 30)
    guard status == .code(0), let line = output.split(separator: "\n").last(where: isReport) else {
      throw HarnessError("wrk ended with \(status): \(output)")
    }
    return Wrk(try JSON(line))
  }

  private static func isReport(_ line: Substring) -> Bool { line.hasPrefix("{\"requests\"") }

  private init(_ report: JSON) {
    let number = { (name: String) in report[name]?.number ?? 0 }
    requests = number("requests")
    requestsPerSecond = requests / (number("microseconds") / 1e6)
    refused = number("refused")
    broken = number("broken")
    p50Microseconds = number("p50")
    p99Microseconds = number("p99")
    eventsPerItem = number("events_per_item")
  }
}
