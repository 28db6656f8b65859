import PluginABI

/// Other settings for a plugin in a runner, in the two steps of any plugin: it judges them, then it
/// takes them over.
extension IsolatedLane {
  /// Has it judge settings that are not in force.
  func check(_ settings: Settings) throws(PluginError) {
    try hand(over: settings, .settingsCheck, "settings_check")
  }

  /// Puts settings in force that it has judged; between two batches.
  func apply(_ settings: Settings) throws(PluginError) {
    // A runner that is started again meanwhile begins with them.
    let before = self.settings
    use(settings)
    do throws(PluginError) { try hand(over: settings, .settingsApply, "settings_apply") } catch {
      use(before)
      throw error
    }
  }

  private func hand(
    over settings: Settings, _ kind: Wire.Kind, _ step: String
  ) throws(PluginError) {
    hookLock.lock()
    defer { hookLock.unlock() }
    countSettings()
    let outcome = attempt(isLast: true) { runner in
      var writer = runner.hooks.writer()
      SettingsWire.write(settings, to: &writer)
      return call(runner, kind, writer, CallReplay(services: serviceReplay))
    }
    let (status, reason) = outcome.answer
    guard status != TALLY_OK else { return }
    throw PluginError(.startFailed, "\(plan.name): \(step) answered \(status): \(reason)")
  }
}
