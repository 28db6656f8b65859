import PluginRuntime

/// Plugins that do not come back.
extension Core {
  /// Tells whom it concerns of calls that do not return.
  func connectWatch() {
    watch.connect(
      .init(
        changed: { [readers] call, isLate in
          // It keeps the thread it has.
          if [.question, .describe].contains(call.kind) { readers.lend(isLate ? 1 : -1) }
        },
        giveUp: { [lifecycle] in lifecycle.giveUp($0, code: $1, reason: $2) }))
    pipeline.parts.dispatcher.giveUp = { [weak lifecycle] in
      lifecycle?.giveUp($0, reason: $1)
    }
  }
}
