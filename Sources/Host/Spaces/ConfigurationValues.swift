import Foundation

/// The values of all settings that no plugin has, and where each comes from. What plugins.yaml, the
/// environment or a flag gives wins; then what `/i/configs` kept; then the default.
struct ConfigurationValues: Sendable {
  /// A value that the host was given for a key, and where.
  private struct HostValue {
    let value: ReportValue
    let place: String
  }

  /// A line of the store, of which the store knows nothing.
  typealias Line = (space: String, name: String, value: String)

  private let host: [String: HostValue]
  private(set) var kept: ConfigurationOrder.Changes = [:]

  init(_ configuration: Configuration, kept lines: [Line]) {
    host = Self.given(configuration)
    take(lines)
  }

  private static func given(_ configuration: Configuration) -> [String: HostValue] {
    let standard = HostSettings(cores: 1)
    var given: [String: HostValue] = [:]
    for key in ConfigurationKey.table {
      guard let setting = HostSetting.table.first(where: { $0.name == key.hostSetting })
      else { continue }
      let (text, source) = (
        setting.show(configuration.host), configuration.source(of: setting)
      )
      guard source != .standard || text != setting.show(standard) else { continue }
      given[key.path] = HostValue(
        value: key.standard.takingKind(.string(text)), place: "host.\(setting.name) (\(source))")
    }
    return given
  }

  /// What the store has now. What a version before took, and this one would not, is no value.
  mutating func take(_ lines: [Line]) {
    kept = [:]
    for line in lines {
      guard let key = ConfigurationKey.named(line.space, line.name),
        let value = try? JSONDecoder().decode(ReportValue.self, from: Data(line.value.utf8)),
        let good = try? key.value(value)
      else { continue }
      kept[key.space, default: [:]][key.name] = good
    }
  }

  // MARK: Reading

  /// What is in force.
  subscript(_ key: ConfigurationKey) -> ReportValue {
    host[key.path]?.value ?? kept[key.space]?[key.name] ?? key.standard
  }

  /// Where something gives a value that wins over what is kept.
  func strongerPlace(of path: String) -> String? { host[path]?.place }

  /// For `tally check --explain`: name, value, source, what it is for.
  var rows: [[String]] {
    ConfigurationKey.table.filter { $0.setting == nil }.map { key in
      let isKept = kept[key.space]?[key.name] != nil
      let source = isKept ? "/i/configs" : SettingSource.standard.description
      return [
        "configs.\(key.path)", self[key].shown, strongerPlace(of: key.path) ?? source, key.help,
      ]
    }
  }
}

extension ReportValue {
  /// On one line.
  fileprivate var shown: String { (text ?? "").replacing("\n", with: "\\n") }
}
