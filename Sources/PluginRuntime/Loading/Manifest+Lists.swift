import PluginABI

/// The lists of a descriptor: settings, permissions, dependencies and needs.
extension Manifest {
  /// Entries of each list.
  static let listMax: UInt32 = 1_024

  static func settings(
    _ table: tally_descriptor, plugin: String
  ) throws(PluginError) -> [SettingDefinition] {
    try check(table.n_settings, "settings", plugin)
    let entries: [tally_setting]
    do throws(Incoming.Refusal) {
      entries = try Incoming.array(table.settings, count: table.n_settings, "tally_setting")
    } catch {
      throw PluginError(.invalidTable, "\(plugin): \(error.reason)")
    }
    var settings: [SettingDefinition] = []
    for entry in entries { settings.append(try SettingDefinition(entry, plugin: plugin)) }
    return settings
  }

  static func permissions(
    _ table: tally_descriptor, plugin: String
  ) throws(PluginError) -> [Permission] {
    try check(table.n_permissions, "permissions", plugin)
    var permissions: [Permission] = []
    for entry in list(table.permissions, table.n_permissions) {
      guard let key = entry.key.string, isName(key.replacing("_", with: "-")),
        let title = entry.title.string, !permissions.contains(where: { $0.key == key })
      else {
        throw PluginError(
          .invalidTable,
          "\(plugin): the key of a tally_permission is a-z, 0-9, _ and -, and stands there once")
      }
      permissions.append(Permission(key: key, title: title))
    }
    return permissions
  }

  static func depends(
    _ table: tally_descriptor, plugin: String
  ) throws(PluginError) -> [Dependency] {
    try check(table.n_depends, "depends", plugin)
    var depends: [Dependency] = []
    for entry in list(table.depends, table.n_depends) {
      guard let other = entry.plugin.string, isName(other), other != plugin,
        let version = entry.version.string, version.isEmpty || Version(version) != nil
      else {
        throw PluginError(
          .invalidTable,
          "\(plugin): a tally_depend names another plugin and a version like 1.2.0, or none")
      }
      depends.append(
        Dependency(
          plugin: other, version: version, isOptional: entry.flags & TALLY_OPTIONAL != 0))
    }
    return depends
  }

  static func needs(_ table: tally_descriptor, plugin: String) throws(PluginError) -> [Need] {
    try check(table.n_needs, "needs", plugin)
    var needs: [Need] = []
    for entry in list(table.needs, table.n_needs) {
      guard let service = entry.service.string, !service.isEmpty else {
        throw PluginError(.invalidTable, "\(plugin): a tally_need names a service in UTF-8")
      }
      needs.append(
        Need(
          service: service, revision: entry.revision,
          isOptional: entry.flags & TALLY_OPTIONAL != 0))
    }
    return needs
  }

  private static func check(
    _ count: UInt32, _ list: String, _ plugin: String
  ) throws(PluginError) {
    guard count > listMax else { return }
    throw PluginError(
      .invalidTable, "\(plugin): the descriptor has \(count) \(list), at most \(listMax)")
  }

  private static func list<T>(
    _ start: UnsafePointer<T>?, _ count: UInt32
  ) -> UnsafeBufferPointer<T> {
    UnsafeBufferPointer(start: start, count: start == nil ? 0 : Int(count))
  }

  /// The first numbers of a semantic version.
  struct Version: Comparable {
    let numbers: [Int]

    init?(_ text: String) {
      let core = text.prefix { $0 != "-" && $0 != "+" }
      let parts = core.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
      guard (1...3).contains(parts.count), !parts.contains(nil) else { return nil }
      let known = parts.compactMap { $0 }
      numbers = known + [Int](repeating: 0, count: 3 - known.count)
    }

    static func < (left: Version, right: Version) -> Bool {
      left.numbers.lexicographicallyPrecedes(right.numbers)
    }

    /// Whether it will do where `oldest` is asked for: not older, of the same major.
    func serves(_ oldest: Version) -> Bool { self >= oldest && numbers[0] == oldest.numbers[0] }
  }
}
