/// The value an operator gave a setting: text as it stands in the file, and where.
package struct GivenSetting: Sendable, Equatable {
  package let name: String
  package let text: String
  /// "plugins.yaml:4:7", to be shown in a refusal.
  package let place: String
  /// The public id of the app it is for; nil for all apps.
  package let app: String?

  package init(name: String, text: String, place: String, app: String? = nil) {
    self.name = name
    self.text = text
    self.place = place
    self.app = app
  }
}

/// All settings of one plugin: defaults, overlaid with what the operator wrote.
package struct Settings: Sendable, Equatable {
  package private(set) var values: [String: SettingValue] = [:]
  /// By the public id of the app, what differs from `values`.
  package private(set) var overrides: [String: [String: SettingValue]] = [:]
  /// Where each value that is no default stands; the same for one app under `<app>.<name>`.
  package private(set) var places: [String: String] = [:]
  /// Values that are never shown.
  private(set) var secrets: [String] = []

  /// Values that were checked.
  init(
    values: [String: SettingValue] = [:], secrets: [String] = [],
    overrides: [String: [String: SettingValue]] = [:]
  ) {
    self.overrides = overrides
    self.values = values
    self.secrets = secrets
  }

  /// Refuses unknown names and values out of type or range, naming the place.
  package init(
    manifest: Manifest, given: [GivenSetting], nearest: (String, [String]) -> String?
  ) throws(PluginError) {
    for setting in manifest.settings {
      if case .success(let value) = setting.parse(setting.defaultText) {
        values[setting.name] = value
      }
    }
    for entry in given {
      let setting = try Self.definition(of: entry, manifest, nearest)
      switch setting.parse(entry.text) {
      case .success(let value): take(value, entry)
      case .failure(let reason):
        throw PluginError(
          .invalidSetting,
          "\(entry.place): setting \(entry.name) of plugin \(manifest.name): \(reason)")
      }
    }
    // One of a few words is in every other text.
    let hidden = manifest.settings.filter { $0.isSecret && $0.kind != .bool && $0.choices.isEmpty }
      .map(\.name)
    let all = [values] + overrides.values.map { $0 }
    secrets = all.flatMap { one in hidden.compactMap { one[$0]?.text } }
  }

  /// Places do not matter: a line that moved changes nothing.
  package static func == (one: Settings, other: Settings) -> Bool {
    one.values == other.values && one.overrides == other.overrides
  }

  /// The names of what has another value, for all apps or for one.
  func differences(from other: Settings) -> Set<String> {
    func names(_ one: [String: SettingValue], _ two: [String: SettingValue]) -> Set<String> {
      Set(one.keys).union(two.keys).filter { one[$0] != two[$0] }
    }
    let apps = Set(overrides.keys).union(other.overrides.keys)
    return apps.reduce(names(values, other.values)) {
      $0.union(names(overrides[$1] ?? [:], other.overrides[$1] ?? [:]))
    }
  }

  /// Where a value comes from.
  package func place(of name: String, app: String? = nil) -> String {
    places[app.map { "\($0).\(name)" } ?? name] ?? "default"
  }

  private mutating func take(_ value: SettingValue, _ entry: GivenSetting) {
    if let app = entry.app {
      overrides[app, default: [:]][entry.name] = value
      places["\(app).\(entry.name)"] = entry.place
    } else {
      values[entry.name] = value
      places[entry.name] = entry.place
    }
  }

  private static func definition(
    of entry: GivenSetting, _ manifest: Manifest, _ nearest: (String, [String]) -> String?
  ) throws(PluginError) -> SettingDefinition {
    let names = manifest.settings.map(\.name)
    guard let setting = manifest.settings.first(where: { $0.name == entry.name }) else {
      guard PluginKey(rawValue: entry.name) == nil else {
        throw PluginError(
          .invalidSetting,
          "\(entry.place): \(entry.name) is no setting of plugin \(manifest.name), but says how it "
            + "is loaded; write it below plugins.\(manifest.name) in plugins.yaml")
      }
      let hint = nearest(entry.name, names).map { "did you mean \"\($0)\"? " } ?? ""
      throw PluginError(
        .invalidSetting,
        "\(entry.place): unknown setting \"\(entry.name)\" of plugin \(manifest.name); \(hint)"
          + "Known: \(names.isEmpty ? "none" : names.joined(separator: ", "))")
    }
    guard entry.app == nil || setting.isPerApp else {
      throw PluginError(
        .invalidSetting,
        "\(entry.place): setting \(entry.name) of plugin \(manifest.name) is the same for all apps; "
          + "move it out of `apps`")
    }
    return setting
  }
}
