import Builtins
import PluginRuntime

/// What the check of one plugin found.
struct PluginFinding: Codable, Equatable {
  let name: String
  let version: String?
  let summary: String?
  let origin: String
  /// Nil of a built-in.
  let sha256: String?
  /// Why the plugin would not be loaded.
  let refusal: String?
  let settings: [SettingReport]
  /// What was given for a plugin whose rules nobody knows, because it does not load: names and
  /// places, no values, for one of them may be secret.
  let unread: [String: String]
  /// Where it is switched on.
  let place: String

  /// Opens the built-ins and every enabled plugin, and checks pins and settings.
  static func all(in configuration: Configuration, locator: PluginLocator) -> [PluginFinding] {
    let builtins = Builtins.entries(withFaultPoint: false).map { builtin in
      inspect(builtin.name, "built-in", "built-in", configuration.settings(of: builtin.name)) {
        () throws(PluginError) in (try LoadedPlugin(builtin: builtin.entry), nil)
      }
    }
    let policy = TrustPolicy(configuration.host)
    let libraries = locator.enabled(in: configuration).filter { !Builtins.names.contains($0.name) }
    return builtins
      + libraries.map { plugin in
        let path = locator.path(of: plugin)
        return inspect(plugin.name, path, plugin.place.description, plugin.settings) {
          () throws(PluginError) in
          let image = try PluginImage(reading: path)
          try image.verify(plugin.pins, plugin: plugin.name, policy: policy)
          let code = try PluginRuntime.load(locator.code(of: plugin, configuration.host))
          return (code, image.sha256)
        }
      }
  }

  private static func inspect(
    _ name: String, _ origin: String, _ place: String, _ given: [GivenSetting],
    load: () throws(PluginError) -> (LoadedPlugin, String?)
  ) -> PluginFinding {
    var manifest: Manifest?
    var sha256: String?
    do throws(PluginError) {
      let (code, hash) = try load()
      (manifest, sha256) = (code.manifest, hash)
      let settings = try Settings(
        manifest: code.manifest, given: given, nearest: PluginConfiguration.nearest)
      return PluginFinding(
        name: name, version: manifest?.version, summary: manifest?.summary, origin: origin,
        sha256: sha256, refusal: nil, settings: SettingReport.list(code.manifest, settings),
        unread: [:], place: place)
    } catch {
      let unread = given.map { setting in
        (setting.app.map { "apps.\($0).\(setting.name)" } ?? setting.name, setting.place)
      }
      return PluginFinding(
        name: name, version: manifest?.version, summary: manifest?.summary, origin: origin,
        sha256: sha256, refusal: error.description, settings: [],
        unread: Dictionary(unread) { _, last in last }, place: place)
    }
  }

  /// The line of `tally check`.
  var line: String {
    guard let refusal else { return "plugin \(name) \(version ?? ""): good (\(origin))" }
    return "plugin \(name): \(refusal)"
  }

  /// The rows of `tally check --explain`.
  var rows: [[String]] {
    let head = ["plugins.\(name).enabled", "true", place, summary ?? ""]
    let hidden = unread.sorted { $0.key < $1.key }.map {
      ["plugins.\(name).\($0.key)", "(not shown)", $0.value, "the plugin's rules cannot be read"]
    }
    return [head] + settings.map { $0.row(of: name) } + hidden
  }
}
