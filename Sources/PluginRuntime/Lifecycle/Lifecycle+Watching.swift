import Foundation
import Logging

/// What happens by the clock.
extension Lifecycle {
  /// Judges new code and reports instances that do not end. Called about every second while
  /// `needsTicks`.
  package func tick() {
    let now = now()
    for (name, verdict) in judgements(at: now) {
      switch verdict {
      case .goesOn: continue
      case .passed: state.withLock { $0.probations[name] = nil }
      case .failed(let reason):
        state.withLock { $0.probations[name] = nil }
        rollBack(name, reason: reason)
      }
    }
    reportOverdue(at: now)
  }

  /// Whether anything waits for its time.
  package var needsTicks: Bool {
    state.withLock { !$0.probations.isEmpty || !$0.draining.isEmpty } || awaited.isAny
  }

  private func judgements(at now: Double) -> [(String, Probation.Verdict)] {
    state.withLock { state in
      state.probations.map { name, probation in
        guard let running = state.machine.running(name), running.canGoBack,
          let instance = state.instances[running.serial]
        else { return (name, .passed) }
        return (name, probation.judge(now: now, instance.counts.reading))
      }
    }
  }

  private func reportOverdue(at now: Double) {
    let names = state.withLock { state in
      let overdue = state.draining.filter {
        !$0.value.isReported && now - $0.value.since > Deadline.drainSeconds
      }
      for serial in overdue.keys { state.draining[serial]?.isReported = true }
      return overdue.keys.compactMap { state.instances[$0] }.map { ($0.name, $0.inFlight.count) }
    }
    for (name, calls) in names {
      log.error(
        "a plugin does not end; it is waited for in the background",
        metadata: ["plugin": "\(name)", "calls": "\(calls)"])
    }
  }
}

extension PluginInstance {
  private static let pauseMicroseconds: UInt32 = 1_000

  /// Returns when no call runs.
  func waitUntilIdle() {
    while inFlight.count > 0 { usleep(Self.pauseMicroseconds) }
  }
}
