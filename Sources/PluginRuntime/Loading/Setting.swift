import PluginABI

/// The value an operator gave a setting: text as it stands in the file, and where.
package struct GivenSetting: Sendable {
  package let name: String
  package let text: String
  /// "plugins.yaml:4:7", to be shown in a refusal.
  package let place: String

  package init(name: String, text: String, place: String) {
    self.name = name
    self.text = text
    self.place = place
  }
}

/// A setting as its plugin declares it.
package struct SettingDefinition: Sendable {
  /// What values it takes; raw values are those of `TALLY_SETTING_…`.
  package enum Kind: UInt32, Sendable {
    case bool = 0
    case int = 1
    case double = 2
    case string = 3

    var noun: String {
      switch self {
      case .bool: "true or false"
      case .int: "a whole number"
      case .double: "a number"
      case .string: "a text"
      }
    }
  }

  package let name: String
  package let kind: Kind
  package let help: String
  package let defaultText: String
  package let range: ClosedRange<Double>?

  init(_ setting: tally_setting, plugin: String) throws(PluginError) {
    guard let kind = Kind(rawValue: setting.kind), let name = setting.name.string, !name.isEmpty,
      let help = setting.help.string, let defaultText = setting.default_text.string,
      setting.minimum <= setting.maximum
    else {
      throw PluginError(
        .invalidTable,
        "\(plugin): a tally_setting has a wrong struct_size, kind, name or range; see tally_plugin.h, 8"
      )
    }
    self.name = name
    self.kind = kind
    self.help = help
    self.defaultText = defaultText
    range = setting.minimum == 0 && setting.maximum == 0 ? nil : setting.minimum...setting.maximum
    if case .failure(let reason) = parse(defaultText) {
      throw PluginError(
        .invalidTable, "\(plugin): the default of setting \(name) is refused: \(reason)")
    }
  }

  /// Why a text is no value of a setting.
  struct Refusal: Error, CustomStringConvertible {
    let description: String
  }

  /// The typed value of a text, or what is wrong with it.
  func parse(_ text: String) -> Result<SettingValue, Refusal> {
    let value: SettingValue? =
      switch kind {
      case .bool: ["true": .bool(true), "false": .bool(false)][text]
      case .int: Int64(text).map(SettingValue.int)
      case .double: Double(text).flatMap { $0.isFinite ? .double($0) : nil }
      case .string: .string(text)
      }
    guard let value else {
      return .failure(Refusal(description: "need \(kind.noun), have \"\(text)\""))
    }
    if let range, let number = value.number, !range.contains(number) {
      return .failure(
        Refusal(description: "need \(range.lowerBound) to \(range.upperBound), have \(text)"))
    }
    return .success(value)
  }
}

/// A checked value of a setting.
package enum SettingValue: Sendable, Equatable {
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)

  var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    case .bool, .string: nil
    }
  }
}

/// All settings of one plugin: defaults, overlaid with what the operator wrote.
package struct Settings: Sendable, Equatable {
  package let values: [String: SettingValue]

  /// Values that were checked.
  init(values: [String: SettingValue]) { self.values = values }

  /// Refuses unknown names and values out of type or range, naming the place.
  package init(
    manifest: Manifest, given: [GivenSetting], nearest: (String, [String]) -> String?
  ) throws(PluginError) {
    var values: [String: SettingValue] = [:]
    for setting in manifest.settings {
      if case .success(let value) = setting.parse(setting.defaultText) {
        values[setting.name] = value
      }
    }
    let names = manifest.settings.map(\.name)
    for entry in given {
      guard let setting = manifest.settings.first(where: { $0.name == entry.name }) else {
        let hint = nearest(entry.name, names).map { "did you mean \"\($0)\"? " } ?? ""
        throw PluginError(
          .invalidSetting,
          "\(entry.place): unknown setting \"\(entry.name)\" of plugin \(manifest.name); \(hint)"
            + "Known: \(names.isEmpty ? "none" : names.joined(separator: ", "))")
      }
      switch setting.parse(entry.text) {
      case .success(let value): values[entry.name] = value
      case .failure(let reason):
        throw PluginError(
          .invalidSetting,
          "\(entry.place): setting \(entry.name) of plugin \(manifest.name): \(reason)")
      }
    }
    self.values = values
  }
}
