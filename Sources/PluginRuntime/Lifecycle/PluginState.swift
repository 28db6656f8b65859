/// Where a plugin is in its life.
package enum PluginState: String, Sendable, CaseIterable {
  /// It was found, and nothing has been decided about it.
  case found
  /// Its library, settings or registrations are not what the host accepts.
  case refused
  /// Its own code failed to create, enroll or start.
  case failed
  case running
  /// Off or replaced, and calls of it still run.
  case draining
  case disabled
  /// Kept out because it did harm.
  case quarantined

  /// Of a plugin that could not be started.
  init(failedWith code: PluginError.Code) {
    switch code {
    case .startFailed: self = .failed
    case .quarantined: self = .quarantined
    default: self = .refused
    }
  }
}

/// What an operator is told about one plugin.
package struct PluginStatus: Sendable, Equatable {
  package let name: String
  package let state: PluginState
  /// Why it is not running, or what was refused while it goes on as it was.
  package let reason: String?
  /// The sha256 of the code that runs, or "built-in".
  package let code: String?
  /// How many different copies of its code this process has loaded.
  package let generation: Int
  /// The sha256 of code that was rolled back, as long as its file lies there.
  package var rolledBack: String?
}

extension PluginStatus {
  /// With the hash alone as its code, whatever lane it runs in.
  var withoutLane: PluginStatus {
    PluginStatus(
      name: name, state: state, reason: reason, code: code.map(Lifecycle.sha256),
      generation: generation)
  }
}
