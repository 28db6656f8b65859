import Logging

/// Plugins that ended the process before this one, and what that costs them.
extension Lifecycle {
  /// Starts plugins the first time, as `apply` does, and judges those that ended the process before.
  package func begin(
    with plugins: [Plugin], after deaths: [Breadcrumb.Death]
  ) throws(PluginError) {
    state.withLock { state in for death in deaths { state.accused[death.plugin] = death } }
    try apply(plugins, isStrict: false, patience: Deadline.startSeconds)
    judgeAccused()
  }

  /// Keeps out who ended the process in a call about no record of its own, where its operator says
  /// nothing else; whom the pipeline waits for is isolated instead. Once what is to run runs, and
  /// before anybody calls it.
  private func judgeAccused() {
    let accused = state.withLock { state in
      defer { state.accused = [:] }
      return state.accused
    }
    for (name, death) in accused where death.role != nil {
      let code = state.withLock { $0.machine.code(of: name) }
      guard price(of: name) == .quarantine, let code, death.isOf(code) else { continue }
      pay(name, code: code, reason: death.reason)
    }
  }

  /// Gives up a plugin where its operator says nothing else, and its `code` still runs when one is
  /// named. On a thread of its own: nobody who calls a plugin may wait for a change of what runs.
  package func giveUp(_ name: String, code number: UInt64? = nil, reason: String) {
    Deadline.detach("give-up") { [self] in
      guard price(of: name) != .restart,
        let code = state.withLock({ $0.machine.code(of: name) }),
        number == nil || Self.number(of: Self.key(name, code)) == number
      else { return }
      pay(name, code: code, reason: reason)
    }
  }

  private func price(of name: String) -> FaultPrice {
    runtime.placements.withLock { $0[name]?.onFault } ?? .quarantine
  }

  /// Keeps a plugin out, or has it run in a process of its own where its operator wants that or the
  /// pipeline waits for it.
  private func pay(_ name: String, code: String, reason: String) {
    guard code != Self.builtin else { return }
    guard price(of: name) == .isolate || isHolding(name) else {
      return quarantine(name, reason: reason)
    }
    isolate(name, code: code, reason: reason)
    followAgain(patience: Deadline.startSeconds)
    // What it ran as before is nothing to go back to.
    state.withLock { $0.probations[name] = nil }
  }

  private func isolate(_ name: String, code: String, reason: String) {
    remember { try $0.move(name, code: code, reason: reason) }
    log.error(
      "a plugin runs isolated from here on",
      metadata: ["plugin": "\(name)", "reason": "\(reason)"])
  }

  /// The plugin in a process of its own, and why, where that is what code costs that ended this
  /// process.
  func moved(_ plugin: Plugin, code: String) -> (Plugin, reason: String)? {
    guard plugin.placement.onFault != .restart, let isolated = plugin.isolated else { return nil }
    let accused = state.withLock { $0.accused[plugin.name] }
    if plugin.placement.onFault == .isolate, let accused, accused.isOf(code) {
      isolate(plugin.name, code: code, reason: accused.reason)
      state.withLock { $0.accused[plugin.name] = nil }
    }
    return state.withLock { $0.quarantine.moved(plugin.name, code: code) }.map { (isolated, $0) }
  }

  /// Tells code from other code of its plugin.
  static func number(of key: String) -> UInt64 {
    Array(key.utf8).withUnsafeBytes { Wire.hash($0) }
  }
}

extension Breadcrumb.Death {
  /// Whether that code did it, as far as that is known.
  fileprivate func isOf(_ code: String) -> Bool {
    role == nil || request == Lifecycle.number(of: Lifecycle.key(plugin, code))
  }
}

extension Lifecycle.Plugin {
  /// The same in a process of its own; nil when it has no library, or runs so already.
  fileprivate var isolated: Lifecycle.Plugin? {
    guard let isolation, !code.isIsolated else { return nil }
    return Lifecycle.Plugin(
      name: name, isEnabled: isEnabled, code: .isolated(isolation), settings: settings,
      placement: placement, pins: pins)
  }
}
