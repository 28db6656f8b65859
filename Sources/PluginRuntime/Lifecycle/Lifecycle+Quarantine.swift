import Logging

/// Plugins that are kept out because they did too much harm.
extension Lifecycle {
  /// Has the runtime say which isolated plugins are given up; each is then quarantined, on a thread
  /// of its own, for nobody who calls a plugin may wait for a change of what runs.
  func watchLanes() {
    runtime.givenUp.withLock {
      $0 = { [weak self] name, reason in
        Deadline.detach("quarantine") { [weak self] in self?.quarantine(name, reason: reason) }
      }
    }
  }

  /// Keeps a plugin out until its code changes, or it is switched off and on or asked for again.
  package func quarantine(_ name: String, reason: String) {
    changing.withLock { _ in
      let code = state.withLock { state in
        state.machine.running(name).flatMap { state.machine.source(of: $0.serial)?.code }
      }
      guard let code else { return }
      log.error(
        "plugin quarantined; mend it, or disable and enable it: then it catches up",
        metadata: ["plugin": "\(name)", "reason": "\(reason)"])
      remember { try $0.add(name, code: code, reason: reason) }
      perform {
        $0.quarantine(name, reason: reason)
        return []
      }
    }
  }

  /// Gives plugins that are off, and all of them when they are tried `again`, another chance.
  func forgive(_ plugins: [Plugin], again: Bool) {
    let on = Set(plugins.filter(\.isEnabled).map(\.name))
    remember { try $0.forget { again || !on.contains($0) } }
  }

  /// Throws when this code of a plugin is kept out.
  func checkQuarantine(_ name: String, code: String) throws(PluginError) {
    guard let reason = state.withLock({ $0.quarantine.reason(name, code: code) }) else { return }
    throw PluginError(
      .quarantined,
      "\(name) is quarantined: \(reason); install other code, or disable and enable it")
  }

  private func remember(_ change: (inout Quarantine) throws -> Void) {
    do { try state.withLock { try change(&$0.quarantine) } } catch {
      log.warning(
        "the file of quarantined plugins cannot be written", metadata: ["error": "\(error)"])
    }
  }
}
