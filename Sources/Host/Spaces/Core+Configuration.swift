import Foundation
import Store

/// Changing settings, and handing them to whoever has a copy of them.
extension Core {
  /// What links begin with. Never what a request says about itself: that may be made up.
  var publicAddress: String {
    configuration.host.publicAddress(domain: spaces.text(.domain))
  }

  /// Whether people reach the server by https.
  var isSecure: Bool { publicAddress.hasPrefix("https://") }

  /// Changes settings as an order says, everybody's or those of one app, all or none. In force when
  /// this returns.
  func change(_ order: ConfigurationOrder, of app: String? = nil, by member: Member) throws {
    if app == nil { try spaces.refuseWeaker(order.kept) }
    if !order.plugins.isEmpty {
      guard let manager = manager.withLock({ $0 }) else {
        throw PluginManager.Refusal(message: "this server has no file for settings of plugins")
      }
      try manager.configure(order.plugins, app: app, by: member)
    }
    if let app {
      try keep(order.kept, of: app, by: member)
    } else {
      try keep(order.kept, by: member)
    }
  }

  /// Keeps everybody's settings of namespaces.
  func keep(_ changes: ConfigurationOrder.Changes, by member: Member) throws {
    guard !changes.isEmpty else { return }
    try spaces.keep(changes, by: member)
    follow()
    try reloadAdministration()
    try followSessions()
  }

  /// Keeps those of one app beside what else is kept of it, and says so in the audit.
  private func keep(
    _ changes: ConfigurationOrder.Changes, of appID: String, by member: Member
  ) throws {
    guard !changes.isEmpty else { return }
    guard let app = try store.app(hex: appID) else { throw AccessDenial.appUnknown }
    let line = AuditLine(
      atMs: Clock.system.nowMs, plugin: "", member: member.id, app: app.number,
      action: ConfigurationSpaces.action,
      detail: try ConfigurationSpaces.json(["before": values(changes, of: app), "update": changes]))
    _ = try store.updateApp(hex: appID) { app in
      var change = AppChange()
      change.plugins = AppSettings(app).merging(changes).text
      change.editedMs = line.atMs
      return change
    } audit: { _, _ in
      [line]
    }
    try reloadAdministration()
  }

  /// What an app has of the keys that a change names.
  private func values(
    _ changes: ConfigurationOrder.Changes, of app: App
  ) -> ConfigurationOrder.Changes {
    var found: ConfigurationOrder.Changes = [:]
    for (space, names) in changes {
      for name in names.keys {
        found[space, default: [:]][name] = ConfigurationKey.named(space, name).map {
          spaces.value($0, of: app)
        }
      }
    }
    return found
  }

  /// Hands settings to whoever has a copy of them.
  func follow() {
    answerHeaders.replace(
      with: AnswerHeader.list(spaces.text(.apiHeaders)) ?? AnswerHeader.standard)
    services.client.isOffline.store(spaces.flag(.offline), ordering: .releasing)
    levels.follow(spaces)
  }

  /// Has everybody's sessions last as long as they are to.
  func followSessions() throws {
    try tokens.retimeSessions(nowS: Clock.system.nowMs / 1_000) { [members, spaces] owner in
      members.member(id: owner).map(spaces.sessionSeconds)
    }
  }

  /// The settings of namespaces that an app has values of its own of, wherever these are kept.
  func ownValues(of app: App) -> ConfigurationOrder.Changes {
    let kept = AppSettings(app)
    var found: ConfigurationOrder.Changes = [:]
    for key in ConfigurationKey.table where key.scope.contains(.app) {
      let value = key.setting.map { own($0, of: app.hex) } ?? kept.value(key)
      if let value { found[key.space, default: [:]][key.name] = value }
    }
    return found
  }

  /// What plugins.yaml says of one app.
  private func own(_ setting: ConfigurationKey.Setting, of appID: String) -> ReportValue? {
    runtime.instances.first { $0.name == setting.plugin }?
      .settings.overrides[appID]?[setting.name].map { ReportValue($0) }
  }

  /// What plugins and namespaces are told of one app, as clients know it.
  func pluginsDocument(of app: App) -> JSONValue {
    let others = AppSettings(app).members.filter { !ConfigurationKey.spaces.contains($0.key) }
    return .object(AppSettings(others).merging(ownValues(of: app)).members)
  }
}
