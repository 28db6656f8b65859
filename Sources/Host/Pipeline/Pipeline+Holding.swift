import Logging
import PluginRuntime

/// A transform hook that cannot take an item and whose operator chose to wait: nothing behind the
/// item is counted until the plugin is mended, disabled, or bypassed. The journal takes the load.
extension Pipeline {
  /// Any thread.
  var isHeld: Bool { holding.withLock { $0 != nil } }

  /// Says so once, however often it is tried again.
  func hold(_ held: Dispatcher.TransformHeld) {
    let before = holding.withLock { holding in
      defer { holding = held }
      return holding
    }
    guard before?.plugin != held.plugin || before?.position != held.position else { return }
    parts.log.error(
      "a transform cannot take an item and holds the pipeline; mend, disable or bypass the plugin",
      metadata: [
        "plugin": "\(held.plugin)", "position": "\(held.position)", "item": "\(held.item)",
        "reason": "\(held.reason)",
      ])
  }

  /// Everything up to a position was counted.
  func letGo(at position: UInt64) {
    let passed = holding.withLock { holding in
      guard let held = holding, position >= held.position else { return nil as String? }
      holding = nil
      return held.plugin
    }
    guard let passed else { return }
    parts.log.info("the pipeline goes on", metadata: ["plugin": "\(passed)"])
  }
}
