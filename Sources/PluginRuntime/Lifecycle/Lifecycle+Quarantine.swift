import Logging

/// Plugins that are kept out because they did too much harm.
extension Lifecycle {
  /// Has the runtime say which isolated plugins are given up; each is then quarantined, on a thread
  /// of its own, for nobody who calls a plugin may wait for a change of what runs.
  func watchLanes() {
    runtime.givenUp.withLock {
      $0 = { [weak self] lane, reason in
        Deadline.detach("quarantine") { [weak self] in
          self?.quarantine(lane.manifest.name, of: lane, reason: reason)
        }
      }
    }
  }

  /// Keeps a plugin out until its code changes, or it is switched off and on or asked for again; not
  /// when something else runs in the place of the `lane` by now.
  package func quarantine(_ name: String, of lane: IsolatedLane? = nil, reason: String) {
    changing.withLock { _ in
      let code = state.withLock { state -> String? in
        guard let serial = state.machine.running(name)?.serial,
          lane == nil || state.instances[serial]?.lane === lane
        else { return nil }
        return state.machine.source(of: serial)?.code
      }
      guard let code else { return }
      let told: Logger.Metadata = ["plugin": "\(name)", "reason": "\(reason)"]
      guard !isHolding(name) else {
        return log.error("plugin not quarantined: the pipeline waits for it", metadata: told)
      }
      log.error(
        "plugin quarantined; mend it, or disable and enable it: then it catches up", metadata: told)
      remember { try $0.add(name, code: code, reason: reason) }
      perform {
        $0.quarantine(name, reason: reason)
        return []
      }
    }
  }

  /// Whether the pipeline waits for the plugin's transform hooks rather than count without them: then
  /// it stays, and what it does not take is not counted.
  func isHolding(_ name: String) -> Bool {
    runtime.set.plan[.transform].contains {
      $0.instance.name == name && $0.transformFault == .hold
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

  func remember(_ change: (inout Quarantine) throws -> Void) {
    do { try state.withLock { try change(&$0.quarantine) } } catch {
      log.warning(
        "the file of quarantined plugins cannot be written", metadata: ["error": "\(error)"])
    }
  }
}
