import Foundation
import PluginRuntime

/// Requests of one event loop whose hooks run in another process: a thread beside the loop reads them,
/// has the hooks asked, and hands their entries back. Only where there is such a hook; the thread
/// begins with the first request.
///
/// `take` and `stop` belong to the event loop.
final class IntakeAside: @unchecked Sendable {
  /// Requests of one loop that may wait here, and their bytes. Beyond them requests are accepted
  /// without the hooks in other processes.
  static let requestsMax = 4_096
  static let bytesMax = 32 << 20

  /// A request with bytes of its own.
  struct Job: Sendable {
    let token: UInt64
    let route: IntakeRequest.Route
    let target: [UInt8]
    let body: [UInt8]?
    let format: IntakeRequest.BodyFormat
    let receivedMs: Int64
    let origin: Origin
    let begun = ContinuousClock.now

    init(_ request: IntakeRequest, token: UInt64, origin: Origin) {
      self.token = token
      self.origin = origin
      route = request.route
      target = Array(request.target)
      body = request.body.map { Array($0) }
      format = request.format
      receivedMs = request.receivedMs
    }

    var bytes: Int { target.count + (body?.count ?? 0) }

    func with<T>(_ body: (IntakeRequest) -> T) -> T {
      target.withUnsafeBytes { target in
        guard let sent = self.body else { return body(request(target, nil)) }
        return sent.withUnsafeBytes { body(request(target, $0)) }
      }
    }

    private func request(
      _ target: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer?
    ) -> IntakeRequest {
      IntakeRequest(
        route: route, target: target, body: body, format: format, receivedMs: receivedMs)
    }
  }

  /// What became of a job.
  struct Done: Sendable {
    /// What goes on with its request.
    enum End: Sendable {
      case entry([UInt8], items: Int)
      /// There is nothing to keep.
      case empty
      case refused(Refusal, IntakeStage.Refusal?)
      /// It goes to another server, at this address.
      case forwarded(Forward, url: String)
    }

    let token: UInt64
    let bytes: Int
    let end: End
    let wish: Wish?
  }

  private let round: IntakeRound
  /// Reads requests to show them; what it counts is counted when they are read again.
  private let collector: Intake
  private let intake: Intake
  private let deliver: @Sendable ([Done]) -> Void
  private let lock = NSLock()
  private let arrived = DispatchSemaphore(value: 0)
  private var jobs: [Job] = []
  private var isStopped = false
  // The event loop's.
  private var requests = 0
  private var bytes = 0
  private var hasThread = false

  init(
    _ context: SDKLane.Context, runtime: PluginRuntime,
    deliver: @escaping @Sendable ([Done]) -> Void
  ) {
    self.deliver = deliver
    round = IntakeRound(runtime: runtime)
    var collecting = context.intake
    collecting.places = nil
    collecting.pictures = nil
    collector = Intake(
      directory: context.directory, configuration: collecting, metrics: Metrics(),
      stage: round.collecting)
    intake = Intake(
      directory: context.directory, configuration: context.intake, metrics: context.metrics,
      stage: round.telling)
  }

  // MARK: The event loop's side

  /// Whether there is room for one more request.
  func hasRoom(for request: IntakeRequest) -> Bool {
    let size = request.target.count + (request.body?.count ?? 0)
    return requests < Self.requestsMax && bytes + size <= Self.bytesMax
  }

  func take(_ job: Job) {
    requests += 1
    bytes += job.bytes
    if !hasThread {
      hasThread = true
      let thread = Thread { [self] in work() }
      thread.name = "intake aside"
      thread.stackSize = 8 << 20
      thread.start()
    }
    let isFirst = lock.withLock {
      jobs.append(job)
      return jobs.count == 1
    }
    if isFirst { arrived.signal() }
  }

  /// What was delivered waits no more.
  func settled(_ done: [Done]) {
    requests -= done.count
    bytes -= done.reduce(0) { $0 + $1.bytes }
  }

  /// The thread ends. Any thread.
  func stop() {
    lock.withLock { isStopped = true }
    arrived.signal()
  }

  // MARK: The thread's side

  private func work() {
    while true {
      arrived.wait()
      let taken = lock.withLock { () -> [Job]? in
        if isStopped { return nil }
        defer { jobs = [] }
        return jobs
      }
      guard let taken else { return }
      if !taken.isEmpty { deliver(judge(taken)) }
    }
  }

  private func judge(_ jobs: [Job]) -> [Done] {
    round.begin()
    for job in jobs {
      round.beginRequest()
      collector.origin = job.origin
      // Refused here, it is refused again below.
      _ = job.with { try? collector.admit($0) }
      collector.removeEntries()
    }
    round.judge(since: jobs.map(\.begun).min() ?? .now)
    return jobs.enumerated().map { place, job in
      round.tell(place)
      let end = read(job)
      return Done(
        token: job.token, bytes: job.bytes, end: end, wish: intake.hasWish ? intake.wish : nil)
    }
  }

  private func read(_ job: Job) -> Done.End {
    defer { intake.removeEntries() }
    intake.origin = job.origin
    return job.with { request in
      do throws(IntakeRefusal) {
        try intake.admit(request)
      } catch {
        if error.refusal == .redirected, let forward = intake.takeForward() {
          return .forwarded(forward.forward, url: forward.url)
        }
        return .refused(error.refusal, intake.pluginRefusal)
      }
      let (offset, count) = intake.entry
      return intake.entryItems == 0
        ? .empty : .entry(Array(intake.entries.part(offset, count)), items: intake.entryItems)
    }
  }
}
