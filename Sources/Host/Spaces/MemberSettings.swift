import Foundation
import Store

/// What single members have other settings of than everybody: `/o/userconfigs`, `/i/userconfigs`.
struct MemberSettings: Sendable {
  static let readPath = "/o/userconfigs"
  static let path = "/i/userconfigs"

  let core: Core

  /// What holds of them, by namespace and key.
  func all(of member: Member) -> ConfigurationOrder.Changes {
    var found: ConfigurationOrder.Changes = [:]
    for key in ConfigurationKey.table where key.scope.contains(.member) {
      found[key.space, default: [:]][key.name] = core.spaces.value(key, of: member)
    }
    return found
  }

  /// Sets their own values, all or none; null takes one back to everybody's. In force, also of
  /// whoever is logged in, when this returns; in the audit as every other change.
  func change(
    _ changes: ConfigurationOrder.Changes, of member: Member
  ) throws -> ConfigurationOrder.Changes {
    let order = try ConfigurationOrder(changes, scope: .member)
    let foreign = order.plugins.flatMap { plugin, values in values.keys.map { "\(plugin).\($0)" } }
    if !foreign.isEmpty { throw ConfigurationOrder.refusal(ofMember: foreign.sorted()) }
    try refuseLonger(order.kept)
    var own = member.ownSettings
    for (space, values) in order.kept {
      for (name, value) in values { own[space, default: [:]][name] = value == .null ? nil : value }
    }
    var change = MemberChange()
    change.settings = try ConfigurationSpaces.json(own)
    let line = try line(member, order.kept)
    guard let updated = try core.store.updateMember(id: member.id, change, audit: { _ in [line] })
    else { throw AccessDenial.memberUnknown }
    try core.reloadAdministration()
    try core.followSessions()
    return all(of: updated)
  }

  /// Nobody's session goes on longer than everybody's may.
  private func refuseLonger(_ changes: ConfigurationOrder.Changes) throws(PluginManager.Refusal) {
    let key = ConfigurationKey.sessionTimeout
    let bound = core.spaces.number(key)
    guard let minutes = changes[key.space]?[key.name]?.integer, bound > 0,
      minutes == 0 || minutes > bound
    else { return }
    throw .init(
      message: "\(key.path) of a member must be from 1 to \(bound), what everybody has, "
        + "have \(minutes)")
  }

  private func line(
    _ member: Member, _ update: ConfigurationOrder.Changes
  ) throws -> AuditLine {
    let all = all(of: member)
    let before = Dictionary(
      uniqueKeysWithValues: update.map { space, values in
        (space, (all[space] ?? [:]).filter { values.keys.contains($0.key) })
      })
    return AuditLine(
      atMs: Clock.system.nowMs, plugin: "", member: member.id, app: 0,
      action: ConfigurationSpaces.action,
      detail: try ConfigurationSpaces.json(["before": before, "update": update]))
  }
}

extension Member {
  /// What they set, by namespace and key.
  var ownSettings: ConfigurationOrder.Changes {
    (try? JSONDecoder().decode(ConfigurationOrder.Changes.self, from: Data(settings.utf8))) ?? [:]
  }
}

extension ConfigurationSpaces {
  /// However much it is used and whatever is set, a session is over after so many seconds.
  static let sessionSecondsMax: Int64 = 7 * 86_400

  /// What is in force of a key for one member.
  func value(_ key: ConfigurationKey, of member: Member) -> ReportValue {
    guard key.scope.contains(.member), let own = member.ownSettings[key.space]?[key.name],
      let good = try? key.value(own)
    else { return value(key) }
    return good
  }

  /// Seconds without a request after which a member's session is over. What everybody has bounds
  /// what a member may set, also where it became less since.
  func sessionSeconds(of member: Member) -> Int64 {
    let minutes = [number(.sessionTimeout), value(.sessionTimeout, of: member).integer ?? 0]
    return minutes.filter { $0 > 0 }.min().map { $0 * 60 } ?? Self.sessionSecondsMax
  }
}
