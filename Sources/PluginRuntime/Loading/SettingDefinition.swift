import PluginABI

/// A setting as its plugin declares it.
package struct SettingDefinition: Sendable, Equatable {
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

    /// The name of the type in JSON Schema.
    package var schemaType: String {
      switch self {
      case .bool: "boolean"
      case .int: "integer"
      case .double: "number"
      case .string: "string"
      }
    }
  }

  package let name: String
  package let kind: Kind
  package let help: String
  package let defaultText: String
  package let range: ClosedRange<Double>?
  /// What the number counts: `bytes`, `ms`; empty for none.
  package let unit: String
  /// The texts it may be; empty for any.
  package let choices: [String]
  /// Its value is never shown.
  package let isSecret: Bool
  /// A change needs a new instance; otherwise the plugin is told.
  package let needsRestart: Bool
  /// May have another value for one app.
  package let isPerApp: Bool

  private static let choicesMax = 256

  init(_ setting: tally_setting, plugin: String) throws(PluginError) {
    guard let name = setting.name.string, Self.isName(name) else {
      throw Self.invalid(plugin, "a name that is not 1 to 64 characters of a-z, 0-9 and _")
    }
    guard !PluginKey.isReserved(name) else {
      throw Self.invalid(plugin, "the name \(name), which is the host's; choose another")
    }
    guard let kind = Kind(rawValue: setting.kind), let help = setting.help.string,
      let defaultText = setting.default_text.string, let unit = setting.unit.string,
      setting.minimum <= setting.maximum
    else {
      throw Self.invalid(plugin, "\(name) with an unknown kind, a range upside down, or no UTF-8")
    }
    self.name = name
    self.kind = kind
    self.help = help
    self.defaultText = defaultText
    self.unit = unit
    range = setting.minimum == 0 && setting.maximum == 0 ? nil : setting.minimum...setting.maximum
    choices = try Self.choices(setting, plugin: plugin, name: name)
    isSecret = setting.flags & TALLY_SETTING_SECRET != 0
    needsRestart = setting.flags & TALLY_SETTING_RESTART != 0
    isPerApp = setting.flags & TALLY_SETTING_PER_APP != 0
    if case .failure(let reason) = parse(defaultText) {
      throw PluginError(
        .invalidTable, "\(plugin): the default of setting \(name) is refused: \(reason)")
    }
  }

  private static func choices(
    _ setting: tally_setting, plugin: String, name: String
  ) throws(PluginError) -> [String] {
    var choices: [String] = []
    for place in 0..<Int(setting.n_choices) {
      guard let start = setting.choices, place < choicesMax, let text = start[place].string else {
        throw invalid(plugin, "\(name) with choices that are NULL, no UTF-8, or over \(choicesMax)")
      }
      choices.append(text)
    }
    return choices
  }

  private static func invalid(_ plugin: String, _ what: String) -> PluginError {
    PluginError(
      .invalidTable, "\(plugin): a tally_setting has \(what); see tally_setting in tally_plugin.h")
  }

  private static func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
  }

  /// Why a text is no value of a setting.
  package struct Refusal: Error, CustomStringConvertible {
    package let description: String
  }

  /// The typed value of a text, or what is wrong with it.
  package func parse(_ text: String) -> Result<SettingValue, Refusal> {
    let value: SettingValue? =
      switch kind {
      case .bool: ["true": .bool(true), "false": .bool(false)][text]
      case .int: Int64(text).map(SettingValue.int)
      case .double: Double(text).flatMap { $0.isFinite ? .double($0) : nil }
      case .string: .string(text)
      }
    let have = isSecret ? "a secret that is something else" : "\"\(text)\""
    guard let value else {
      return .failure(Refusal(description: "need \(kind.noun), have \(have)"))
    }
    if !choices.isEmpty, !choices.contains(text) {
      let known = choices.joined(separator: ", ")
      return .failure(Refusal(description: "need one of \(known), have \(have)"))
    }
    if let range, let number = value.number, !range.contains(number) {
      let unit = unit.isEmpty ? "" : " \(unit)"
      return .failure(
        Refusal(
          description: "need \(bound(range.lowerBound)) to \(bound(range.upperBound))\(unit), "
            + "have \(isSecret ? "a secret out of it" : text)"))
    }
    return .success(value)
  }

  /// A bound of the range as an operator would write it.
  package func bound(_ number: Double) -> String {
    kind == .int && abs(number) < 0x1p53 ? "\(Int64(number))" : "\(number)"
  }

  /// Stands for every secret.
  package static let redacted = "(secret)"
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

  /// As it would stand in the file.
  package var text: String {
    switch self {
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .string(let value): value
    }
  }
}
