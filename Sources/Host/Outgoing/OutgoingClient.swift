import CCurl
import Foundation
import PluginRuntime
import Synchronization

/// Sends the requests of all plugins: one thread, one libcurl multi handle, so that they share
/// connections and no plugin owns a socket.
final class OutgoingClient: OutgoingHTTP, @unchecked Sendable {
  /// Under way at a time, of one plugin and of all.
  static let perPluginMax = 64
  static let requestsMax = 256
  private static let connectionsKept = 64
  private static let pollMaxMs: Int32 = 1_000

  /// How requests ended.
  struct Counters: Sendable {
    let answered = Metrics.Counter()
    let failed = Metrics.Counter()
    let denied = Metrics.Counter()
    let timedOut = Metrics.Counter()
    let tooLong = Metrics.Counter()
    let refused = Metrics.Counter()
    let cancelled = Metrics.Counter()
    let bytes = Metrics.Counter()
  }

  let counters = Counters()
  /// Nothing is sent to anybody.
  let isOffline = Atomic<Bool>(false)
  private let policy: AddressPolicy
  private let certificates: String?
  private let lock = NSLock()
  // Under the lock: what the thread has to do, and how many are under way of whom.
  private var added: [Pending] = []
  private var cancelled: [UInt64] = []
  private var underWay: [String: Int] = [:]
  private var nextID: UInt64 = 1
  private var isStopping = false
  private var multi: UnsafeMutableRawPointer?
  private let ended = DispatchSemaphore(value: 0)

  private struct Pending {
    let id: UInt64
    let request: OutgoingRequest
    let done: @Sendable (OutgoingAnswer) -> Void
  }

  /// `certificates` is a file of trusted authorities in place of the system's, for tests.
  init(policy: AddressPolicy, certificates: String? = nil) {
    self.policy = policy
    self.certificates = certificates
  }

  // MARK: Any thread

  func start(
    _ request: OutgoingRequest, done: @escaping @Sendable (UInt64, OutgoingAnswer) -> Void
  ) -> UInt64? {
    lock.lock()
    defer { lock.unlock() }
    let all = underWay.values.reduce(0, +)
    guard !isStopping, all < Self.requestsMax,
      underWay[request.plugin, default: 0] < Self.perPluginMax
    else {
      counters.refused.add()
      return nil
    }
    if multi == nil { startThread() }
    defer { nextID += 1 }
    underWay[request.plugin, default: 0] += 1
    let (plugin, id) = (request.plugin, nextID)
    added.append(
      Pending(id: nextID, request: request) { [unowned self] answer in
        lock.withLock { underWay[plugin, default: 1] -= 1 }
        done(id, answer)
      })
    curl_multi_wakeup(multi)
    return id
  }

  func cancel(_ id: UInt64) {
    lock.withLock {
      cancelled.append(id)
      if let multi { curl_multi_wakeup(multi) }
    }
  }

  /// Cancels everything, tells everybody, ends the thread.
  func stop() {
    let runs = lock.withLock {
      isStopping = true
      if let multi { curl_multi_wakeup(multi) }
      return multi != nil
    }
    if runs { ended.wait() }
  }

  /// On the first request: a server whose plugins ask nobody has no thread for it.
  private func startThread() {
    curl_global_init(Int(CURL_GLOBAL_DEFAULT))
    guard let made = curl_multi_init() else {
      preconditionFailure("the allocator answers or ends the process")
    }
    _ = tally_curl_multi_set_long(made, CURLMOPT_MAXCONNECTS, Self.connectionsKept)
    multi = made
    Thread.start(name: "outgoing-http") { self.run() }
  }

  // MARK: The client's thread

  private func run() {
    guard let multi = lock.withLock({ multi }) else { return }
    var transfers: [UnsafeMutableRawPointer: Transfer] = [:]
    while true {
      let (new, gone, ending) = takeWork()
      for pending in new { begin(pending, multi, &transfers) }
      for id in gone { end(id, multi, &transfers) }
      if ending, transfers.isEmpty { break }
      if ending { transfers.values.map(\.id).forEach { end($0, multi, &transfers) } }
      var running: Int32 = 0
      curl_multi_perform(multi, &running)
      settle(multi, &transfers)
      curl_multi_poll(multi, nil, 0, Self.pollMaxMs, nil)
    }
    lock.withLock { self.multi = nil }
    curl_multi_cleanup(multi)
    ended.signal()
  }

  private func takeWork() -> (new: [Pending], gone: [UInt64], isEnding: Bool) {
    lock.withLock {
      defer {
        added.removeAll()
        cancelled.removeAll()
      }
      return (added, cancelled, isStopping)
    }
  }

  private func begin(
    _ pending: Pending, _ multi: UnsafeMutableRawPointer,
    _ transfers: inout [UnsafeMutableRawPointer: Transfer]
  ) {
    guard !isOffline.load(ordering: .acquiring) else {
      counters.denied.add()
      return pending.done(
        OutgoingAnswer(
          failure: Status.denied, reason: "api.offline_mode is on: nothing is sent to anybody"))
    }
    let made = Transfer(
      id: pending.id, pending.request, policy: policy, certificates: certificates,
      done: pending.done)
    guard let transfer = made, curl_multi_add_handle(multi, transfer.easy) == CURLM_OK else {
      counters.failed.add()
      return pending.done(
        OutgoingAnswer(failure: Status.failed, reason: "libcurl has no memory for a request"))
    }
    transfers[transfer.easy] = transfer
  }

  private func end(
    _ id: UInt64, _ multi: UnsafeMutableRawPointer,
    _ transfers: inout [UnsafeMutableRawPointer: Transfer]
  ) {
    guard let transfer = transfers.values.first(where: { $0.id == id }) else { return }
    curl_multi_remove_handle(multi, transfer.easy)
    transfers[transfer.easy] = nil
    counters.cancelled.add()
    transfer.finish(OutgoingAnswer(failure: Status.gone, reason: "the request was cancelled"))
  }

  private func settle(
    _ multi: UnsafeMutableRawPointer, _ transfers: inout [UnsafeMutableRawPointer: Transfer]
  ) {
    var code = CURLE_OK
    while let easy = tally_curl_multi_finished(multi, &code) {
      curl_multi_remove_handle(multi, easy)
      guard let transfer = transfers.removeValue(forKey: easy) else { continue }
      let answer = transfer.outcome(code)
      count(answer)
      transfer.finish(answer)
    }
  }

  private func count(_ answer: OutgoingAnswer) {
    switch answer.failure {
    case 0:
      counters.answered.add()
      counters.bytes.add(answer.body.count)
    case Status.denied: counters.denied.add()
    case Status.timeout: counters.timedOut.add()
    case Status.limit: counters.tooLong.add()
    default: counters.failed.add()
    }
  }
}
