import Foundation
import Logging
import PluginRuntime
import Store
import Synchronization

/// What plugins keep in the store, measured on a thread beside everything else and remembered: the
/// measuring visits every row, so nobody who asks waits for it for long.
final class StorageSurvey: Sendable {
  /// Who asks, by how old an answer may be before it is measured again.
  enum Patience: Double, Sendable {
    case now = 0.5
    case soon = 30
    /// For what asks all the time.
    case some = 300
  }

  /// How long somebody who wants it now waits for the measuring.
  static let waitSeconds = 2.0
  /// A survey that took long is repeated less often, so that it never takes more than a twentieth
  /// of a core.
  static let restFactor = 20.0

  private struct State {
    var found: [String: PluginStorage] = [:]
    var ended: Double?
    var took = 0.0
    var isRunning = false
  }

  private let store: Store
  private let log: Logger
  private let state = Mutex(State())

  init(store: Store, log: Logger) {
    self.store = store
    self.log = log
  }

  /// What was measured last; a plugin that keeps nothing is not in it. Has it measured again when
  /// that is old. Nil when nothing was ever measured.
  func latest(_ patience: Patience) -> [String: PluginStorage]? {
    let finished = beginIfDue(patience.rawValue)
    if patience == .now { _ = finished?.wait(timeout: .now() + Self.waitSeconds) }
    return state.withLock { $0.ended == nil ? nil : $0.found }
  }

  private func beginIfDue(_ age: Double) -> DispatchSemaphore? {
    let now = Clock.monotonicSeconds
    let isDue = state.withLock { state in
      let rest = max(age, state.took * Self.restFactor)
      guard !state.isRunning, state.ended.map({ now - $0 >= rest }) ?? true else { return false }
      state.isRunning = true
      return true
    }
    guard isDue else { return nil }
    let finished = DispatchSemaphore(value: 0)
    Thread.start(name: "storage-survey") { [self] in
      measure(began: now)
      finished.signal()
    }
    return finished
  }

  private func measure(began: Double) {
    do {
      let found = try store.storageOfPlugins()
      state.withLock {
        $0.found = found
        $0.isRunning = false
        $0.ended = Clock.monotonicSeconds
        $0.took = Clock.monotonicSeconds - began
      }
    } catch {
      log.warning("storage of plugins cannot be measured", metadata: ["error": "\(error)"])
      state.withLock { $0.isRunning = false }
    }
  }
}
