import Foundation
import Store
import Synchronization

/// The settings that no plugin has, in force: a copy of what the store keeps, replaced as a whole
/// with every change.
final class ConfigurationSpaces: Sendable {
  /// Bytes of one value.
  static let valueBytesMax = 4_096
  /// What a line of the audit about a change is called.
  static let action = "configs.changed"

  private let store: Store
  private let values: Mutex<ConfigurationValues>

  init(_ store: Store, _ configuration: Configuration) throws {
    self.store = store
    values = Mutex(ConfigurationValues(configuration, kept: try store.configuration()))
  }

  // MARK: Reading

  func value(_ key: ConfigurationKey) -> ReportValue { values.withLock { $0[key] } }

  func number(_ key: ConfigurationKey) -> Int64 { value(key).integer ?? 0 }

  func flag(_ key: ConfigurationKey) -> Bool { value(key) == .bool(true) }

  func text(_ key: ConfigurationKey) -> String { value(key).text ?? "" }

  /// Everything, where `setting` tells the values that plugins have; nil leaves one out.
  func all(
    _ setting: (ConfigurationKey.Setting) -> ReportValue?
  ) -> ConfigurationOrder.Changes {
    var found: ConfigurationOrder.Changes = [:]
    for key in ConfigurationKey.table {
      let value = key.setting.map(setting) ?? value(key)
      if let value { found[key.space, default: [:]][key.name] = value }
    }
    return found
  }

  // MARK: Changing

  /// Refuses what would not be in force, because something stronger is.
  func refuseWeaker(_ changes: ConfigurationOrder.Changes) throws(PluginManager.Refusal) {
    let paths = changes.flatMap { space, values in values.keys.map { "\(space).\($0)" } }
    let values = values.withLock { $0 }
    for path in paths.sorted() {
      guard let place = values.strongerPlace(of: path) else { continue }
      throw .init(message: "\(path) is set by \(place), which wins; change it there")
    }
  }

  /// Keeps values that an order checked, and a line of the audit with those before, all or none;
  /// null takes one back to its default. In force when this returns.
  func keep(_ changes: ConfigurationOrder.Changes, by member: Member) throws {
    var lines: [(space: String, name: String, value: String?)] = []
    var (before, update): (ConfigurationOrder.Changes, ConfigurationOrder.Changes) = ([:], [:])
    for (space, values) in changes {
      for (name, given) in values {
        guard let key = ConfigurationKey.named(space, name), key.setting == nil else { continue }
        before[space, default: [:]][name] = value(key)
        update[space, default: [:]][name] = given == .null ? key.standard : given
        lines.append((space, name, given == .null ? nil : try Self.json(given)))
      }
    }
    guard before != update else { return }
    try store.keepConfiguration(
      lines,
      audit: AuditLine(
        atMs: Clock.system.nowMs, plugin: "", member: member.id, app: 0, action: Self.action,
        detail: try Self.json(["before": before, "update": update])))
    let kept = try store.configuration()
    values.withLock { $0.take(kept) }
  }

  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
