import PluginRuntime

/// Settings that stand neither in the file nor behind a flag of their own: `--set KEY=VALUE`, and
/// for plugins `TALLY_PLUGIN_<NAME>__<SETTING>`.
enum Assignment {
  static let flag = "--set"
  private static let variablePrefix = "TALLY_PLUGIN_"

  /// By the name of the host setting, and by plugin.
  static func list(
    _ texts: [String]
  ) throws(ConfigurationError) -> (host: [String: String], plugins: [String: [GivenSetting]]) {
    var host: [String: String] = [:]
    var plugins: [String: [GivenSetting]] = [:]
    for text in texts {
      let (key, value) = try split(text)
      let parts = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      switch (parts.first, parts.count) {
      case ("host", 2...):
        host[try hostSetting(parts.dropFirst().joined(separator: "."), key)] = value
      case ("plugins", 3):
        plugins[parts[1], default: []].append(
          GivenSetting(name: parts[2], text: value, place: "\(flag) \(key)"))
      case ("plugins", 5) where parts[2] == "apps":
        plugins[parts[1], default: []].append(
          GivenSetting(
            name: parts[4], text: value, place: "\(flag) \(key)", app: parts[3].lowercased()))
      default:
        throw ConfigurationError(
          .key,
          "\(flag) \(key): need host.<key>, plugins.<plugin>.<setting> or "
            + "plugins.<plugin>.apps.<app id>.<setting>")
      }
    }
    return (host, plugins)
  }

  /// Settings of plugins in the environment, by plugin.
  static func variables(_ environment: [String: String]) -> [String: [GivenSetting]] {
    var plugins: [String: [GivenSetting]] = [:]
    for (name, value) in environment.sorted(by: { $0.key < $1.key }) {
      guard let (plugin, setting) = parts(name) else { continue }
      plugins[plugin, default: []].append(
        GivenSetting(name: setting, text: value, place: name))
    }
    return plugins
  }

  /// Whether a variable is meant for a plugin.
  static func isVariable(_ name: String) -> Bool { parts(name) != nil }

  /// The variable of a plugin's setting: `TALLY_PLUGIN_STAR_RATING__COMMENT_BYTES_MAX`.
  static func variable(plugin: String, setting: String) -> String {
    variablePrefix + plugin.replacing("-", with: "_").uppercased() + "__" + setting.uppercased()
  }

  private static func parts(_ variable: String) -> (plugin: String, setting: String)? {
    guard variable.hasPrefix(variablePrefix) else { return nil }
    let rest = variable.dropFirst(variablePrefix.count)
    guard let gap = rest.firstRange(of: "__"), gap.lowerBound > rest.startIndex,
      gap.upperBound < rest.endIndex
    else { return nil }
    return (
      rest[..<gap.lowerBound].lowercased().replacing("_", with: "-"),
      rest[gap.upperBound...].lowercased()
    )
  }

  private static func split(
    _ text: String
  ) throws(ConfigurationError) -> (key: String, value: String) {
    guard let sign = text.firstIndex(of: "=") else {
      // Behind the key may be a secret.
      let key = text.prefix { $0.isLetter || $0.isNumber || "._-".contains($0) }
      throw ConfigurationError(.value, "\(flag) \(key): need KEY=VALUE")
    }
    return (String(text[..<sign]), String(text[text.index(after: sign)...]))
  }

  private static func hostSetting(
    _ name: String, _ key: String
  ) throws(ConfigurationError) -> String {
    let known = HostSetting.table.map(\.name)
    guard known.contains(name) else {
      throw ConfigurationError(
        .key,
        "\(flag) \(key): unknown key \"\(name)\" in host"
          + NearestName.hint(for: name, among: known))
    }
    return name
  }
}
