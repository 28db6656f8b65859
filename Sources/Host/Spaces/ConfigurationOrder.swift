/// A change of settings, told apart into what plugins have and what the store keeps, each value of
/// its kind. It is made whole or not at all.
struct ConfigurationOrder {
  /// By namespace, or plugin, and key; null takes a value back to its default.
  typealias Changes = [String: [String: ReportValue]]

  /// By plugin and setting.
  private(set) var plugins: Changes = [:]
  /// By namespace and key.
  private(set) var kept: Changes = [:]

  /// `scope` says whose own values they are; nil: everybody's.
  init(
    _ changes: Changes, scope: ConfigurationKey.Scope? = nil
  ) throws(PluginManager.Refusal) {
    for (space, values) in changes.sorted(by: { $0.key < $1.key }) {
      guard ConfigurationKey.spaces.contains(space) else {
        plugins[space, default: [:]].merge(values) { own, _ in own }
        continue
      }
      for (name, value) in values.sorted(by: { $0.key < $1.key }) {
        try take(Self.key(space, name, scope), value)
      }
    }
  }

  private static func key(
    _ space: String, _ name: String, _ scope: ConfigurationKey.Scope?
  ) throws(PluginManager.Refusal) -> ConfigurationKey {
    guard let key = ConfigurationKey.named(space, name) else {
      let known = ConfigurationKey.table.filter { $0.space == space }.map(\.name)
      throw .init(
        message: "\(space).\(name) is no setting of this server"
          + NearestName.hint(for: name, among: known.sorted(), called: "settings"))
    }
    guard let scope, !key.scope.contains(scope) else { return key }
    if scope == .member { throw refusal(ofMember: [key.path]) }
    throw .init(
      message:
        "\(key.path) is the same for all apps; a global administrator sets it with /i/configs")
  }

  static func refusal(ofMember paths: [String]) -> PluginManager.Refusal {
    .init(
      message: "no member has a value of its own of \(paths.joined(separator: ", ")); "
        + "a global administrator sets it for everybody, with /i/configs")
  }

  private mutating func take(
    _ key: ConfigurationKey, _ given: ReportValue
  ) throws(PluginManager.Refusal) {
    if let setting = key.setting {
      plugins[setting.plugin, default: [:]][setting.name] = given
    } else {
      kept[key.space, default: [:]][key.name] = given == .null ? .null : try key.value(given)
    }
  }
}
