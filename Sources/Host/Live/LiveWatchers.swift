import NIOCore
import Synchronization

/// Who is told what happens, until it leaves. Any thread.
final class LiveWatchers: Sendable {
  /// Why a reader is no longer told.
  enum End: String, CaseIterable, Sendable {
    case slow = "reading too slowly"
    case denied = "no longer allowed"
    case stopping = "the server is stopping"
  }

  /// One reader. Its closures return at once, on whatever thread.
  struct Watcher: Sendable {
    let app: UInt32
    /// Whether the reader may still be told.
    let isAllowed: @Sendable () -> Bool
    let send: @Sendable (ByteBuffer) -> Void
    let end: @Sendable (End) -> Void
  }

  private struct State {
    var next = 0
    var watchers: [Int: Watcher] = [:]
    var hasEnded = false
  }

  private let state = Mutex(State())
  let messages = Metrics.Counter()
  let refused = Metrics.Counter()
  let slow = Metrics.Counter()
  let denied = Metrics.Counter()

  /// Readers now.
  var count: Int { state.withLock { $0.watchers.count } }

  /// The number of a reader that is now told; nil when there are too many.
  func join(_ watcher: Watcher) -> Int? {
    state.withLock { state in
      guard state.watchers.count < LiveLimits.watchersMax, !state.hasEnded else {
        refused.add()
        return nil
      }
      state.next += 1
      state.watchers[state.next] = watcher
      return state.next
    }
  }

  func leave(_ number: Int) { state.withLock { _ = $0.watchers.removeValue(forKey: number) } }

  /// Apps somebody is told about.
  var apps: Set<UInt32> { state.withLock { Set($0.watchers.values.map(\.app)) } }

  /// Tells those of an app who may still be told, and ends the others.
  func send(_ message: ByteBuffer, app: UInt32) {
    let watchers = state.withLock { $0.watchers.filter { $0.value.app == app } }
    for (number, watcher) in watchers {
      guard watcher.isAllowed() else {
        leave(number)
        denied.add()
        watcher.end(.denied)
        continue
      }
      watcher.send(message)
      messages.add()
    }
  }

  /// Nobody is told anything any more.
  func end() {
    let watchers = state.withLock { state in
      state.hasEnded = true
      defer { state.watchers.removeAll() }
      return Array(state.watchers.values)
    }
    for watcher in watchers { watcher.end(.stopping) }
  }

  func register(in metrics: Metrics) {
    metrics.gauge("tally_live_readers", help: "Readers of live messages") { [weak self] in
      self?.count ?? 0
    }
    let counters = [
      ("tally_live_messages_total", "Live messages sent", messages),
      ("tally_live_refused_total", "Readers turned away, for there were too many", refused),
      ("tally_live_slow_total", "Readers dropped, for they read too slowly", slow),
      ("tally_live_denied_total", "Readers dropped, for they may no longer read", denied),
    ]
    for (name, help, counter) in counters {
      metrics.counter(name, help: help) { counter.count }
    }
  }
}
