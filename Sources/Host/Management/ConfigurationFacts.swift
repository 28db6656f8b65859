import CCrypto
import Foundation
import PluginRuntime

/// What a configuration says, value by value: enough to tell two apart, and to say what changed
/// without a secret.
struct ConfigurationFacts: Codable, Equatable {
  /// One value.
  struct Fact: Codable, Equatable {
    /// As an audit may show it; nil for the default of a plugin that is not known.
    let shown: String?
    /// Of the value itself, with the salt of this data folder.
    let digest: String
  }

  /// Characters of a value that are kept.
  static let shownMax = 1_024
  /// Stands for values of plugins whose settings nobody can read.
  static let hidden = "(not shown)"

  /// By name: `host.listen`, `plugins.views.enabled`, `plugins.views.apps.<id>.views_max`.
  private(set) var facts: [String: Fact] = [:]

  init() {}

  /// `manifests` are those of plugins that run or just ran: they tell which settings are secret.
  init(
    _ configuration: Configuration, enabled: [String: Bool], manifests: [String: Manifest],
    salt: String
  ) {
    func set(_ name: String, _ value: String, shown: String?) {
      facts[name] = Fact(
        shown: shown.map { String($0.prefix(Self.shownMax)) },
        digest: Self.digest(salt + name + "\n" + value))
    }
    for setting in HostSetting.table {
      let value = setting.show(configuration.host)
      set("host.\(setting.name)", value, shown: value)
    }
    for (plugin, isEnabled) in enabled {
      set("plugins.\(plugin).enabled", "\(isEnabled)", shown: "\(isEnabled)")
    }
    for plugin in configuration.plugins ?? [] {
      for (key, value) in Self.hostKeys(plugin) {
        set("plugins.\(plugin.name).\(key.rawValue)", value, shown: value)
      }
    }
    let named = Set((configuration.plugins ?? []).map(\.name)).union(configuration.overrides.keys)
    for plugin in named {
      for given in configuration.settings(of: plugin) {
        let definition = manifests[plugin]?.settings.first { $0.name == given.name }
        let place = given.app.map { "apps.\($0).\(given.name)" } ?? given.name
        set(
          "plugins.\(plugin).\(place)", given.text,
          shown: Self.shown(given.text, definition))
      }
    }
  }

  /// What holds of a plugin where nothing is said.
  static func standard(_ key: String) -> String? {
    switch PluginKey(rawValue: key) {
    case .mode: PluginConfiguration.Mode.inproc.rawValue
    case .transformFault: TransformFault.hold.rawValue
    case .onFault: FaultPrice.quarantine.rawValue
    default: nil
    }
  }

  /// What else the host reads of a plugin, where it is no standard.
  private static func hostKeys(_ plugin: PluginConfiguration) -> [(PluginKey, String)] {
    var found: [(PluginKey, String)] = []
    if plugin.mode != .inproc { found.append((.mode, plugin.mode.rawValue)) }
    if let path = plugin.path { found.append((.path, path)) }
    if let pin = plugin.pins.sha256 { found.append((.sha256, pin)) }
    if let signature = plugin.pins.signature {
      found.append((.signature, Data(signature).base64EncodedString()))
    }
    if let order = plugin.placement.order { found.append((.order, order.words)) }
    let fault = plugin.placement.transformFault
    if fault != .hold { found.append((.transformFault, fault.rawValue)) }
    let price = plugin.placement.onFault
    if price != .quarantine { found.append((.onFault, price.rawValue)) }
    return found
  }

  static func shown(_ text: String, _ definition: SettingDefinition?) -> String {
    guard let definition else { return hidden }
    return definition.isSecret && !text.isEmpty ? SettingDefinition.redacted : text
  }

  /// Names whose values differ, in order.
  func changes(since before: ConfigurationFacts) -> [String] {
    Set(facts.keys).union(before.facts.keys).filter {
      facts[$0]?.digest != before.facts[$0]?.digest
    }.sorted()
  }

  private static func digest(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    SHA256(bytes, bytes.count, &digest)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

extension OrderOverride {
  /// As an operator reads it.
  fileprivate var words: String {
    var parts: [String] = []
    if let phase { parts.append("phase \(phase)") }
    if let before { parts.append("before \(before.joined(separator: " "))") }
    if let after { parts.append("after \(after.joined(separator: " "))") }
    return parts.joined(separator: ", ")
  }
}
