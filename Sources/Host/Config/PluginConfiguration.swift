import PluginRuntime

/// What plugins.yaml says about one plugin.
struct PluginConfiguration: Sendable {
  /// The two lanes of one library.
  enum Mode: String, CaseIterable, Sendable {
    /// In this process: the fastest, and trusted with it.
    case inproc
    /// In a process of its own, which can end without harm.
    case isolated
  }

  let name: String
  /// Where its name stands.
  let place: FilePlace
  var isEnabled = true
  /// The library, when it does not lie beside the program; absolute.
  var path: String?
  /// What its library must be.
  var pins = PluginPins()
  /// Where its hooks stand, and what becomes of a transform's faults.
  var placement = Placement()
  /// Where it runs.
  var mode = Mode.inproc
  /// As written; the runtime checks them against what the plugin declares.
  var settings: [GivenSetting] = []

  /// The name an unknown setting was meant to be, the host's own keys included.
  static func nearest(_ name: String, _ declared: [String]) -> String? {
    NearestName.of(name, among: PluginKey.allCases.map(\.rawValue) + declared)
  }
}
