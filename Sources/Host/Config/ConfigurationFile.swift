import Builtins
import Foundation
import PluginRuntime

/// plugins.yaml, read and checked for shape and names; values of the host are still text.
struct ConfigurationFile: Sendable {
  /// A text of the group `host` and where it stands.
  struct Text: Sendable {
    let text: String
    let place: FilePlace
  }

  /// By the name of the setting: `limits.body_bytes_max`.
  private(set) var host: [String: Text] = [:]
  /// In the order of the file; nil when the file has no group `plugins`.
  private(set) var plugins: [PluginConfiguration]?

  /// Reads a file that messages call `name`.
  init(path: String, name: String) throws(ConfigurationError) {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw ConfigurationError(
        .unreadable, "\(name): cannot be read; check that this user may read it")
    }
    try self.init(bytes: [UInt8](bytes), path: name)
  }

  /// Checks the bytes of a file.
  init(bytes: [UInt8], path: String) throws(ConfigurationError) {
    guard let root = try YAMLReader.read(bytes, path: path) else { return }
    let known = ["host", "plugins"]
    for entry in try root.entries(of: "the file") {
      switch entry.key {
      case "host": try readHost(entry.value, below: "")
      case "plugins": plugins = try Self.readPlugins(entry.value)
      default: throw Self.unknown(entry, in: "the file", known: known)
      }
    }
  }

  private mutating func readHost(
    _ node: YAMLNode, below prefix: String
  ) throws(ConfigurationError) {
    let group = prefix.isEmpty ? "host" : "host.limits"
    let names = HostSetting.table.map(\.name).filter {
      $0.hasPrefix(prefix) && !$0.dropFirst(prefix.count).contains(".")
    }
    let known =
      names.map { String($0.dropFirst(prefix.count)) } + (prefix.isEmpty ? ["limits"] : [])
    for entry in try node.entries(of: group) {
      guard known.contains(entry.key) else {
        throw Self.unknown(entry, in: group, known: known)
      }
      if entry.key == "limits" {
        try readHost(entry.value, below: "limits.")
      } else {
        let text = try entry.value.text(of: "\(group).\(entry.key)")
        host[prefix + entry.key] = Text(text: text, place: entry.value.place)
      }
    }
  }

  private static func readPlugins(
    _ node: YAMLNode
  ) throws(ConfigurationError) -> [PluginConfiguration] {
    var plugins: [PluginConfiguration] = []
    for entry in try node.entries(of: "plugins") {
      guard Self.isPluginName(entry.key) else {
        throw ConfigurationError(
          .key, entry.place,
          "\"\(entry.key)\" is no name of a plugin; use a-z, 0-9 and -, at most 64 characters")
      }
      plugins.append(try readPlugin(entry))
    }
    return plugins
  }

  private static func readPlugin(
    _ entry: YAMLEntry
  ) throws(ConfigurationError) -> PluginConfiguration {
    let group = "plugins.\(entry.key)"
    var plugin = PluginConfiguration(name: entry.key, place: entry.place)
    for member in try entry.value.entries(of: group) {
      let name = "\(group).\(member.key)"
      // Every other key is a setting of the plugin itself.
      switch PluginKey(rawValue: member.key) {
      case .enabled: plugin.isEnabled = try member.value.truth(of: name)
      case .path: plugin.path = try member.value.text(of: name)
      case .mode: plugin.mode = try readWord(member, name: name)
      case .sha256: plugin.pins.sha256 = try sha256(member.value, name: name)
      case .signature: plugin.pins.signature = try signature(member.value, name: name)
      case .apps: plugin.settings += try appSettings(member.value, name: name)
      case .order: plugin.placement.order = try readOrder(member, name: name)
      case .transformFault: plugin.placement.transformFault = try readWord(member, name: name)
      case .onFault: plugin.placement.onFault = try readWord(member, name: name)
      case nil:
        plugin.settings.append(
          GivenSetting(
            name: member.key, text: try member.value.text(of: name),
            place: member.place.description))
      }
      try refuse(member, ofBuiltin: plugin)
    }
    return plugin
  }

  /// What is linked in is always on, and comes from nowhere else.
  private static func refuse(
    _ member: YAMLEntry, ofBuiltin plugin: PluginConfiguration
  ) throws(ConfigurationError) {
    guard Builtins.names.contains(plugin.name) else { return }
    switch PluginKey(rawValue: member.key) {
    case .enabled where plugin.isEnabled, .mode where plugin.mode == .inproc: return
    case .enabled, .mode, .path, .sha256, .signature:
      throw ConfigurationError(
        .key, member.place,
        "\(plugin.name) is built in: it is always on, in the server's process; remove this line")
    default: return
    }
  }

  /// `apps: { 0123456789abcdef01234567: { comment_bytes_max: 100 } }`
  private static func appSettings(
    _ node: YAMLNode, name: String
  ) throws(ConfigurationError) -> [GivenSetting] {
    var settings: [GivenSetting] = []
    for app in try node.entries(of: name) {
      guard app.key.utf8.count == 24, app.key.allSatisfy(\.isHexDigit) else {
        throw ConfigurationError(
          .key, app.place, "\"\(app.key)\" in \(name) is no app; write its 24 hexadecimal digits")
      }
      for member in try app.value.entries(of: "\(name).\(app.key)") {
        let text = try member.value.text(of: "\(name).\(app.key).\(member.key)")
        settings.append(
          GivenSetting(
            name: member.key, text: text, place: member.place.description,
            app: app.key.lowercased()))
      }
    }
    return settings
  }

  private static func sha256(
    _ node: YAMLNode, name: String
  ) throws(ConfigurationError) -> String {
    let text = try node.text(of: name).lowercased()
    guard text.utf8.count == 64, text.allSatisfy(\.isHexDigit) else {
      throw ConfigurationError(
        .value, node.place, "\(name): need 64 hexadecimal digits, as `sha256sum` prints them")
    }
    return text
  }

  private static func signature(
    _ node: YAMLNode, name: String
  ) throws(ConfigurationError) -> [UInt8] {
    guard let bytes = Data(base64Encoded: try node.text(of: name)), bytes.count == 64 else {
      throw ConfigurationError(
        .value, node.place, "\(name): need an ed25519 signature of 64 bytes in base64")
    }
    return [UInt8](bytes)
  }

  static func isPluginName(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
      }
  }

  static func unknown(
    _ entry: YAMLEntry, in group: String, known: [String]
  ) -> ConfigurationError {
    ConfigurationError(
      .key, entry.place,
      "unknown key \"\(entry.key)\" in \(group)\(NearestName.hint(for: entry.key, among: known))")
  }
}
