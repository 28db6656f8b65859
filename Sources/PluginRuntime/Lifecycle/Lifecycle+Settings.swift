import Synchronization

/// Settings that a running instance takes over: all of those concerned judge them before any takes
/// them.
extension Lifecycle {
  /// Performs the changes among the actions; answers what has to be done instead of those that
  /// could not be performed.
  func change(_ actions: [LifecycleMachine.Action]) -> [LifecycleMachine.Action] {
    var accepted: [(LifecycleMachine.Serial, PluginInstance, Settings)] = []
    var instead: [LifecycleMachine.Action] = []
    for case .change(let serial) in actions {
      let (instance, source) = state.withLock {
        ($0.instances[serial], $0.machine.change(of: serial))
      }
      guard let instance, let settings = source?.settings else { continue }
      guard instance.hasRoomForSettings else {
        instead += state.withLock { $0.machine.replace(serial) }
        continue
      }
      if let refusal = judge(settings, by: instance) {
        let told = report(instance.name, refusal)
        state.withLock { $0.machine.unchanged(serial, told) }
      } else {
        accepted.append((serial, instance, settings))
      }
    }
    return instead + accepted.flatMap { apply($0, to: $1, $2) }
  }

  private func judge(_ settings: Settings, by instance: PluginInstance) -> PluginError? {
    let call = Deadline.begin("plugin-settings", late: { _ in }) { () -> PluginError? in
      do throws(PluginError) { try instance.check(settings) } catch { return error }
      return nil
    }
    return call.end(within: Deadline.settingsSeconds)
      ?? PluginError(
        .startFailed,
        "\(instance.name): settings_check did not come back within "
          + "\(Int(Deadline.settingsSeconds)) s")
  }

  /// Between two batches, so that no hook on the pipeline's thread runs meanwhile.
  private func apply(
    _ serial: LifecycleMachine.Serial, to instance: PluginInstance, _ settings: Settings
  ) -> [LifecycleMachine.Action] {
    let outcome = Mutex<Result<Void, PluginError>?>(nil)
    let take: @Sendable () -> Void = {
      let result = Result { () throws(PluginError) in try instance.apply(settings) }
      outcome.withLock { $0 = result }
    }
    if let taker = state.withLock({ $0.taker }) { taker.betweenBatches(take) } else { take() }
    switch outcome.withLock({ $0 }) {
    case .success?:
      state.withLock { $0.machine.changed(serial) }
      log.info("plugin has other settings", metadata: ["plugin": "\(instance.name)"])
      return []
    case .failure(let error)?:
      log.warning(
        "a plugin does not take its settings over; a new instance does",
        metadata: ["plugin": "\(instance.name)", "reason": "\(error)"])
    case nil:
      log.warning(
        "the pipeline is busy; a new instance takes the settings over",
        metadata: ["plugin": "\(instance.name)"])
    }
    return state.withLock { $0.machine.replace(serial) }
  }
}
