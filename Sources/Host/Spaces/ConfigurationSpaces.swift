import Foundation
import Store
import Synchronization

/// The values of all namespaces that no plugin has: the store's, replaced as a whole with every
/// change.
final class ConfigurationSpaces: Sendable {
  /// Bytes of one value.
  static let valueBytesMax = 4_096

  private let store: Store
  private let values: Mutex<[String: [String: ReportValue]]>

  init(_ store: Store) throws {
    self.store = store
    values = Mutex(try Self.read(store))
  }

  private static func read(_ store: Store) throws -> [String: [String: ReportValue]] {
    var values: [String: [String: ReportValue]] = [:]
    for line in try store.configuration() {
      let value = try? JSONDecoder().decode(ReportValue.self, from: Data(line.value.utf8))
      if let value { values[line.space, default: [:]][line.name] = value }
    }
    return values
  }

  /// What is in force of a key that no plugin has.
  func value(_ space: String, _ name: String) -> ReportValue {
    values.withLock { $0[space]?[name] }
      ?? ConfigurationSpace.named(space)?.key(name)?.standard ?? .null
  }

  /// Keeps values, by namespace and name, and a line of the audit, all or none; null takes one back
  /// to its default. In force when this returns.
  func keep(_ changes: [String: [String: ReportValue]], by member: Member) throws {
    var lines: [(space: String, name: String, value: String?)] = []
    for (space, values) in changes {
      for (name, given) in values {
        guard let key = ConfigurationSpace.named(space)?.key(name) else { continue }
        let value = given == .null ? nil : key.standard.takingKind(given)
        let text = try value.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }
        lines.append((space, name, text))
      }
    }
    let names = lines.map { "\($0.space).\($0.name)" }.sorted().joined(separator: ",")
    try store.keepConfiguration(
      lines,
      audit: AuditLine(
        atMs: Clock.system.nowMs, plugin: "", member: member.id, app: 0, action: "configs.changed",
        detail: names))
    let read = try Self.read(store)
    values.withLock { $0 = read }
  }

  /// Everything, where `setting` tells the values that plugins have; nil leaves one out.
  func all(
    _ setting: (ConfigurationSpace.Setting) -> ReportValue?
  ) -> [String: [String: ReportValue]] {
    var found: [String: [String: ReportValue]] = [:]
    for space in ConfigurationSpace.all {
      for key in space.keys {
        let value = key.setting.map(setting) ?? value(space.name, key.name)
        if let value { found[space.name, default: [:]][key.name] = value }
      }
    }
    return found
  }
}

/// A change of settings, told apart into what plugins have and what the store keeps.
struct ConfigurationOrder {
  /// By plugin and setting.
  private(set) var plugins: [String: [String: ReportValue]] = [:]
  /// By namespace and key.
  private(set) var spaces: [String: [String: ReportValue]] = [:]

  /// Keys that a namespace does not have say nothing.
  init(_ changes: [String: [String: ReportValue]]) {
    for (name, values) in changes {
      guard let space = ConfigurationSpace.named(name) else {
        plugins[name, default: [:]].merge(values) { own, _ in own }
        continue
      }
      for (name, value) in values {
        guard let key = space.key(name) else { continue }
        if let setting = key.setting {
          plugins[setting.plugin, default: [:]][setting.name] = value
        } else {
          spaces[space.name, default: [:]][name] = value
        }
      }
    }
  }
}
