import PluginABI

/// Other settings for an instance that runs, in two steps: it judges them, then it takes them over.
extension PluginInstance {
  /// Whether it may be handed settings once more.
  var hasRoomForSettings: Bool { host?.hasRoom ?? lane?.hasRoomForSettings ?? false }

  /// Has it judge settings that are not in force.
  func check(_ settings: Settings) throws(PluginError) {
    if let lane {
      secrets.add(settings.secrets)
      return try asControl { () throws(PluginError) in try lane.check(settings) }
    }
    guard let host, let check = table.settings_check else { return }
    try asControl { () throws(PluginError) in
      try host.withSettings(SettingValues(settings)) { (given) throws(PluginError) in
        try ErrorText.check(name, "settings_check", secrets) { check(pointer, given, $0) }
      }
    }
  }

  /// Puts settings in force that it has judged; while no hook of it runs on the pipeline's thread.
  func apply(_ settings: Settings) throws(PluginError) {
    if let lane { return try asControl { () throws(PluginError) in try lane.apply(settings) } }
    guard let host, let apply = table.settings_apply else {
      throw PluginError(.startFailed, "\(name) takes no settings over")
    }
    try asControl { () throws(PluginError) in
      let before = host.use(SettingValues(settings))
      do throws(PluginError) {
        try host.withSettings { (given) throws(PluginError) in
          try ErrorText.check(name, "settings_apply", secrets) { apply(pointer, given, $0) }
        }
      } catch {
        host.use(before)
        throw error
      }
    }
  }

  private func asControl(_ body: () throws(PluginError) -> Void) throws(PluginError) {
    let before = ThreadKind.become(.control)
    defer { ThreadKind.become(before) }
    do { try body() } catch { throw PluginError(error.code, secrets.redact(error.message)) }
  }
}
