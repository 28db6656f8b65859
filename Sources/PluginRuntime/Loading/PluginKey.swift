/// What stands below `plugins.<name>` in plugins.yaml and is the host's: the one list of what the
/// host reads there and what no plugin may call a setting.
package enum PluginKey: String, CaseIterable, Sendable {
  case enabled
  case path
  case mode
  case order
  case transformFault = "transform_fault"
  case onFault = "on_fault"
  case sha256
  case signature
  case apps

  /// Names that the host does not read and keeps for itself.
  static let kept: Set<String> = ["limits", "drafts"]

  /// Whether a plugin may not have a setting of that name.
  static func isReserved(_ name: String) -> Bool {
    Self(rawValue: name) != nil || kept.contains(name)
  }
}
