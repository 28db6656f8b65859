import PluginRuntime

/// Where a hook stands among those of its kind, and why.
struct HookReport: Codable, Equatable, Sendable {
  /// Counted from 1 over all kinds.
  let place: Int
  let kind: String
  let plugin: String
  /// What the plugin calls it; may be empty.
  let hook: String
  let phase: Int32
  let causes: [String]

  init(place: Int, _ line: HookOrderLine) {
    self.place = place
    kind = line.kind.name
    plugin = line.plugin
    hook = line.hook
    phase = line.phase
    causes = line.causes
  }

  /// The columns of `tally plugin order`.
  var row: [String] {
    ["\(place)", kind, hook.isEmpty ? plugin : "\(plugin)/\(hook)", causes.joined(separator: ", ")]
  }
}
