import PluginRuntime

/// A value of a setting as JSON has it.
enum ReportValue: Codable, Equatable, Sendable {
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  case null

  init(from decoder: any Decoder) throws {
    let box = try decoder.singleValueContainer()
    if box.decodeNil() {
      self = .null
    } else if let value = try? box.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? box.decode(Int64.self) {
      self = .int(value)
    } else if let value = try? box.decode(Double.self) {
      self = .double(value)
    } else {
      self = .string(try box.decode(String.self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var box = encoder.singleValueContainer()
    switch self {
    case .bool(let value): try box.encode(value)
    case .int(let value): try box.encode(value)
    case .double(let value): try box.encode(value)
    case .string(let value): try box.encode(value)
    case .null: try box.encodeNil()
    }
  }

  init(_ value: SettingValue) {
    switch value {
    case .bool(let value): self = .bool(value)
    case .int(let value): self = .int(value)
    case .double(let value): self = .double(value)
    case .string(let value): self = .string(value)
    }
  }

  /// As it would stand in plugins.yaml; nil for null.
  var text: String? {
    switch self {
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .string(let value): value
    case .null: nil
    }
  }
}

/// One setting of a plugin as an operator reads it: a value, where it comes from, and its rules, in
/// the words of JSON Schema.
struct SettingReport: Codable, Equatable, Sendable {
  let name: String
  /// The app whose own value this is; nil for all apps.
  let app: String?
  /// A secret is never here.
  let value: ReportValue
  let source: String
  let type: String
  let defaultValue: ReportValue
  let minimum: Double?
  let maximum: Double?
  let unit: String?
  let choices: [String]?
  let description: String
  let isSecret: Bool
  let needsRestart: Bool
  let isPerApp: Bool

  enum CodingKeys: String, CodingKey {
    case name, app, value, source, type, minimum, maximum, unit, description
    case choices = "enum"
    case defaultValue = "default"
    case isSecret = "secret"
    case needsRestart = "restart"
    case isPerApp = "per_app"
  }

  /// The settings of one plugin, those for single apps behind those for all.
  static func list(_ manifest: Manifest, _ settings: Settings) -> [SettingReport] {
    manifest.settings.flatMap { setting in
      let general = settings.values[setting.name].map {
        SettingReport(setting, $0, app: nil, source: settings.place(of: setting.name))
      }
      let own = settings.overrides.sorted { $0.key < $1.key }.compactMap { app, values in
        values[setting.name].map {
          SettingReport(setting, $0, app: app, source: settings.place(of: setting.name, app: app))
        }
      }
      return [general].compactMap { $0 } + own
    }
  }

  private init(
    _ setting: SettingDefinition, _ value: SettingValue, app: String?, source: String
  ) {
    name = setting.name
    self.app = app
    self.value = Self.shown(setting, value)
    self.source = source
    type = setting.kind.schemaType
    defaultValue =
      (try? setting.parse(setting.defaultText).get()).map { Self.shown(setting, $0) } ?? .null
    minimum = setting.range?.lowerBound
    maximum = setting.range?.upperBound
    unit = setting.unit.isEmpty ? nil : setting.unit
    choices = setting.choices.isEmpty ? nil : setting.choices
    description = setting.help
    isSecret = setting.isSecret
    needsRestart = setting.needsRestart
    isPerApp = setting.isPerApp
  }

  /// An empty secret is shown as what it is: none.
  static func shown(_ setting: SettingDefinition, _ value: SettingValue) -> ReportValue {
    setting.isSecret && value != .string("")
      ? .string(SettingDefinition.redacted) : ReportValue(value)
  }

  /// The columns of `tally check --explain`.
  func row(of plugin: String) -> [String] {
    let place = app.map { "apps.\($0).\(name)" } ?? name
    let help = unit.map { "\(description) (\($0))" } ?? description
    return ["plugins.\(plugin).\(place)", value.text ?? "", source, help]
  }
}
