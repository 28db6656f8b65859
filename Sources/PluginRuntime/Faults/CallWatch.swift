import Foundation
import Logging
import Synchronization

/// Sees calls of plugins in this process that do not return. Nobody can end one from outside: it is
/// named; if the process ends while it runs, the next start knows; and whom nobody has to wait for is
/// given up.
package final class CallWatch: @unchecked Sendable {
  /// How often it looks.
  private static let lookSeconds = 0.5

  /// A call that does not return.
  package struct Late: Sendable, Equatable {
    package let plugin: String
    package let kind: CallKind
    /// Of the records it is about; 0 to 0 for none.
    package let positions: ClosedRange<UInt64>
  }

  /// Who is told of it; must not wait.
  package struct Listener: Sendable {
    /// A call is late, or it was and has returned.
    let changed: @Sendable (_ call: Late, _ isLate: Bool) -> Void
    /// A plugin is given up, as long as that code of it runs.
    let giveUp: @Sendable (_ plugin: String, _ code: UInt64, _ reason: String) -> Void

    package init(
      changed: @escaping @Sendable (_ call: Late, _ isLate: Bool) -> Void,
      giveUp: @escaping @Sendable (_ plugin: String, _ code: UInt64, _ reason: String) -> Void
    ) {
      (self.changed, self.giveUp) = (changed, giveUp)
    }
  }

  private let breadcrumb: Breadcrumb
  private let log: Logger
  /// Only its own thread's.
  private var looks: CallLooks
  /// By where they are said.
  private let calls = Mutex<[Int: Late]>([:])
  private let listener = Mutex<Listener?>(nil)
  private let state = NSCondition()
  private var isStopping = false

  /// Names calls after `lateSeconds`, and gives plugins up after `graceSeconds` more.
  package init(_ breadcrumb: Breadcrumb, lateSeconds: Int, graceSeconds: Int, log: Logger) {
    self.breadcrumb = breadcrumb
    self.log = log
    looks = CallLooks(.init(late: Double(lateSeconds), grace: Double(graceSeconds)))
  }

  /// Calls that are late at this moment.
  package var late: [Late] { calls.withLock { Array($0.values) } }

  package func connect(_ listener: Listener) { self.listener.withLock { $0 = listener } }

  package func start() {
    Deadline.detach("calls-watch") { [self] in
      ThreadName.set("calls-watch")
      while pause() { look() }
    }
  }

  package func stop() {
    state.withLock {
      isStopping = true
      state.broadcast()
    }
  }

  /// False at the end.
  private func pause() -> Bool {
    state.withLock {
      if !isStopping { _ = state.wait(until: Date(timeIntervalSinceNow: Self.lookSeconds)) }
      return !isStopping
    }
  }

  private func look() {
    let found = looks.look(at: breadcrumb.running, after: Self.lookSeconds) { [breadcrumb] in
      // Jobs are looked after where they are run.
      guard let call = breadcrumb.look(at: $0), call.kind != .job else { return nil }
      return (call.kind, Double(call.patienceMs) / 1_000)
    }
    for (call, finding, seconds) in found { take(call, finding, seconds) }
  }

  private func take(_ call: Breadcrumb.Running, _ finding: CallLooks.Finding, _ seconds: Int) {
    switch finding {
    case .late:
      guard let about = breadcrumb.look(at: call) else { return }
      let late = Late(
        plugin: about.consumer.plugin, kind: about.kind, positions: about.positions)
      calls.withLock { $0[call.place] = late }
      log.error(
        "a call of a plugin does not return",
        metadata: metadata(late, seconds, ["remedy": "\(late.kind.remedy)"]))
      listener.withLock { $0 }?.changed(late, true)
    case .stuck:
      breadcrumb.noteStuck(call)
      guard let about = breadcrumb.look(at: call), about.kind.isBeside else { return }
      let reason = "\(about.kind.phrase) of it has not returned within \(seconds) s"
      listener.withLock { $0 }?.giveUp(about.consumer.plugin, about.request, reason)
    case .returned:
      guard let late = calls.withLock({ $0.removeValue(forKey: call.place) }) else { return }
      log.notice("a late call has returned", metadata: metadata(late, seconds))
      listener.withLock { $0 }?.changed(late, false)
    }
  }

  private func metadata(
    _ call: Late, _ seconds: Int, _ more: Logger.Metadata = [:]
  ) -> Logger.Metadata {
    var words = more
    (words["plugin"], words["in"]) = ("\(call.plugin)", "\(call.kind.phrase)")
    if call.positions != 0...0 { words["at"] = "positions \(call.positions)" }
    words["seconds"] = "\(seconds)"
    return words
  }
}

extension CallKind {
  /// What an operator does about a call that does not return.
  fileprivate var remedy: String {
    let after = "restart the server: the plugin is then kept from what it hangs on"
    return switch self {
    case .hook, .transform, .reduce:
      "nothing is counted meanwhile; \(after), if need be after a second restart"
    case .command, .merge: "nothing is counted meanwhile; " + after
    case .lifecycle: "nothing is counted meanwhile; restart the server, or run it isolated"
    case .intake: "a thread that reads requests waits for it; " + after
    case .question, .describe, .committed, .job:
      "others go on; mend it, disable it, or run it isolated"
    }
  }
}
