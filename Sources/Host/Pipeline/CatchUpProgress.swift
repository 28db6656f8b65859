import Synchronization

/// How far behind consumers are, for whoever asks. Any thread.
final class CatchUpProgress: Sendable {
  struct State: Equatable {
    var behind: [Int: UInt64] = [:]
    var head: UInt64 = 0
  }

  private let state = Mutex(State())

  func update(behind: [Int: UInt64], head: UInt64) {
    state.withLock { $0 = State(behind: behind, head: head) }
  }

  var current: State { state.withLock { $0 } }

  /// Requests a consumer has not seen; 0 at the head.
  func lag(of plugin: Int) -> Int {
    state.withLock { state in
      state.behind[plugin].map { Int(state.head - min($0, state.head)) } ?? 0
    }
  }
}
