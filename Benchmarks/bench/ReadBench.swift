import Foundation
import Harness

/// Reads beside intake: an app with a year behind it takes 5 000 requests a second, alone and with
/// 200 questions a second beside them. Says how long questions took, and what they cost intake.
struct ReadBench {
  private static let (readsPerSecond, readers) = (200, 8)
  private static let days = 365
  /// What dashboards of a year ask, with what is large in it.
  private static let questions = [
    "/o?method=sessions&period=", "/o?method=device_details&period=",
    "/o?method=events&event=event_001&period=",
    "/o?method=events&event=event_001&segmentation=screen&period=",
    "/o?method=total_users&metric=users&period=",
    "/o/analytics/dashboard?period=", "/o/analytics/tops?period=", "/o/analytics/sessions?period=",
    "/o/analytics/metric?metric=devices&period=", "/o?method=get_events&period=",
    "/o?method=countries&period=",
  ]

  let options: Options

  /// How long the questions of one run took, in milliseconds.
  private final class Times: @unchecked Sendable {
    private let lock = NSLock()
    private var times: [Double] = []
    private var ended = false

    var isEnded: Bool { lock.withLock { ended } }
    func end() { lock.withLock { ended = true } }
    func add(_ milliseconds: Double) { lock.withLock { times.append(milliseconds) } }

    /// The number below which that share of them lies.
    func quantile(_ share: Double) -> Double {
      lock.withLock {
        let sorted = times.sorted()
        return sorted.isEmpty ? 0 : sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)]
      }
    }

    var count: Int { lock.withLock { times.count } }
  }

  func run() throws {
    let data = options.folder + "/tally-bench-\(getpid())"
    defer { Files.remove(data) }
    let server = try TallyServer(
      config: "host:\n  durability: fsync\nplugins:\n  views: { enabled: true }\n", dataPath: data)
    // As users have it: tests wait for their own commits for longer.
    try server.start(environment: ["TALLY_READ_WAIT_MS": "25"])
    try fill(server)
    let quiet = try ask(server, for: 5)
    print(
      "idle: \(quiet.count) reads, p50 \(text(quiet.quantile(0.5))), p99 \(text(quiet.quantile(0.99))) ms"
    )
    let alone = try intake(server, seed: 1)
    let times = Times()
    let threads = start(server, times)
    let beside = try intake(server, seed: 2)
    times.end()
    threads.forEach { $0.wait() }
    print(
      "intake alone: \(text(alone.requestsPerSecond))/s, p99 \(text(alone.p99Microseconds / 1e3)) ms"
    )
    print(
      "intake beside: \(text(beside.requestsPerSecond))/s, p99 \(text(beside.p99Microseconds / 1e3)) ms, "
        + "\(text(beside.p99Microseconds / alone.p99Microseconds)) times")
    print(
      "reads beside: \(text(Double(times.count) / Double(options.seconds)))/s, "
        + "p50 \(text(times.quantile(0.5))), p99 \(text(times.quantile(0.99))) ms")
    _ = server.terminate(seconds: 30)
  }

  private func text(_ number: Double) -> String { "\((number * 100).rounded() / 100)" }

  /// 100 connections that pause 15 ms behind each answer.
  private func intake(_ server: TallyServer, seed: Int) throws -> Wrk {
    try Wrk.run(
      .paced, port: server.port, appKey: server.keys.appKey,
      firstMillisecond: Clock.unixMilliseconds - 12 * 3_600_000, seed: seed,
      connections: options.pacedConnections, options: options)
  }

  // MARK: Asking

  private func ask(_ server: TallyServer, for seconds: Int) throws -> Times {
    let times = Times()
    let threads = start(server, times)
    usleep(UInt32(seconds) * 1_000_000)
    times.end()
    threads.forEach { $0.wait() }
    return times
  }

  /// Readers that each ask at their own moments, whether or not the answer before came late.
  private func start(_ server: TallyServer, _ times: Times) -> [DispatchSemaphore] {
    let pause = Double(Self.readers) / Double(Self.readsPerSecond)
    let ending = "&api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)"
    let range =
      "[\(Clock.unixMilliseconds - Int64(Self.days - 1) * 86_400_000),\(Clock.unixMilliseconds)]"
    let port = server.port
    return (0..<Self.readers).map { reader in
      let done = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        let connection = HTTPConnection(port: port, seconds: 30)
        var (next, number) = (Clock.now + pause * Double(reader) / Double(Self.readers), reader)
        while !times.isEnded {
          if next > Clock.now { usleep(UInt32((next - Clock.now) * 1e6)) }
          let begun = max(next, Clock.now - 1)
          let question = Self.questions[number % Self.questions.count] + range + ending
          if let reply = try? connection.get(
            question.replacing("[", with: "%5B").replacing("]", with: "%5D")),
            reply.status == 200
          {
            times.add((Clock.now - begun) * 1e3)
          }
          next += pause
          number += 1
        }
        done.signal()
      }
      return done
    }
  }

  // MARK: A year

  /// Every hour of a year has a session and an event with three segments; a day has its own devices.
  private func fill(_ server: TallyServer) throws {
    let connection = server.connect(seconds: 60)
    let first = Clock.unixMilliseconds - Int64(Self.days) * 86_400_000
    for day in 0..<Self.days {
      var items: [String] = []
      for hour in 0..<24 {
        let ms = first + Int64(day) * 86_400_000 + Int64(hour) * 3_600_000
        let device = "d\(day * 7 + hour)"
        items.append(
          #"{"device_id":"\#(device)","timestamp":\#(ms),"begin_session":1,"country_code":"\#(["DE", "FR", "TR", "US"][hour % 4])","#
            + #""metrics":{"_os":"\#(hour % 2 == 0 ? "Android" : "iOS")","_os_version":"\#(hour % 9)","_device":"m\#((day + hour) % 60)","#
            + #""_resolution":"\#(hour % 5)x1","_app_version":"\#(day / 30).\#(hour % 3)","_carrier":"c\#(hour % 7)"}}"#
        )
        items.append(
          #"{"device_id":"\#(device)","timestamp":\#(ms + 1),"events":[{"key":"event_00\#(hour % 10)","count":1,"sum":1.5,"#
            + #""segmentation":{"screen":"screen_\#((day + hour) % 40)","plan":"free","level":"\#(hour)"}}]}"#
        )
      }
      let body = "app_key=\(server.keys.appKey)&requests=[\(items.joined(separator: ","))]"
      let reply = try connection.send(
        "POST", "/i/bulk", headers: ["Content-Type: application/x-www-form-urlencoded"],
        body: Array(body.utf8))
      guard reply.status == 200 else { throw HarnessError("bulk: \(reply.text)") }
    }
    try server.settle(everyMilliseconds: 100)
  }
}
