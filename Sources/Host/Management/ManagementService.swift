import Foundation
import Logging
import PluginRuntime
import Store

/// Answers questions about plugins and their settings, and changes both. Blocks shortly; called on
/// the read threads only.
struct ManagementService: Sendable {
  let directory: PluginDirectory
  let manager: PluginManager
  let access: Access
  let apps: AppRegistry
  let log: Logger

  /// The body of one question.
  static let bodyBytesMax = 1 << 20

  /// What a path asks of callers, and what it does.
  struct Route: Sendable {
    let need: Access.Need
    let about: RouteAbout
  }

  /// What is answered; every other path is somebody else's.
  static let routes: [String: Route] = [
    "/o/plugins": admin(.reading("All plugins, how they do and what they cost.")),
    "/o/plugins/order": admin(.reading("The order in which hooks are called, and why.")),
    "/o/plugins/schema": admin(.reading("All settings of plugins, by plugin.")),
    "/o/plugins-check": Route(
      need: .readCore,
      about: .reading("Whether a change of plugins is done: completed, busy or failed.")),
    "/o/configs": admin(.reading("The values of all settings of plugins.")),
    "/o/audit": admin(.reading("Who did what, newest first.", ["limit": "At most so many lines."])),
    "/i/plugins": admin(
      .init("Turns plugins on and off.", ["plugin": "A JSON object: {\"views\":false}."])),
    "/i/configs": admin(
      .init("Changes settings.", ["configs": "A JSON object: {\"views\":{\"views_max\":9}}."])),
    MemberSettings.readPath: Route(
      need: .member, about: .reading("What the caller may have other settings of than everybody.")),
    MemberSettings.path: Route(
      need: .member,
      about: .init(
        "Changes the caller's own settings.",
        ["configs": "A JSON object: {\"frontend\":{\"theme\":\"dark\"}}."])),
  ]
  static let paths = Array(routes.keys)

  private static func admin(_ about: RouteAbout) -> Route {
    Route(need: .globalAdmin, about: about)
  }

  func answer(_ request: QueryRequest) -> QueryReply {
    do {
      return try find(request)
    } catch let denial as AccessDenial {
      access.security?.note(denial, request)
      return QueryReply(status: denial.status, message: denial.message)
    } catch let error as QueryError {
      return error.reply
    } catch let refusal as PluginManager.Refusal {
      return QueryReply(status: 400, message: refusal.message)
    } catch {
      log.error("management failed", metadata: ["path": "\(request.path)", "reason": "\(error)"])
      return QueryError(code: .storeFailed).reply
    }
  }

  private func find(_ request: QueryRequest) throws -> QueryReply {
    guard let route = Self.routes[request.path] else { throw QueryError(code: .unknownPath) }
    let known = apps.snapshot
    let isAppAsked = if case .right = route.need { true } else { false }
    let member = try access.member(
      .init(request), route.need, appID: isAppAsked ? request.parameters["app_id"] : nil
    ) { known.app(hexID: $0) != nil }
    switch request.path {
    case "/o/plugins-check":
      return QueryReply(status: 200, message: manager.progress.rawValue)
    case MemberSettings.readPath: return try json(memberSettings.all(of: member))
    case MemberSettings.path:
      guard let changes = changes(in: request) else { return Self.noChanges }
      return try json(memberSettings.change(changes, of: member))
    case "/o/plugins":
      return try json(
        directory.overview(
          storage: request.parameters["storage"] == "true" ? .now : .soon
        ).plugins)
    case "/o/plugins/order": return try json(directory.order)
    case "/o/plugins/schema": return try json(schemas())
    case "/o/audit": return try audit(request)
    case "/o/configs": return try json(try configs(app: try app(of: request)))
    case "/i/plugins": return try turn(request, member)
    case "/i/configs": return try configure(request, member)
    default: return QueryError(code: .unknownPath).reply
    }
  }

  // MARK: Changing

  private func turn(_ request: QueryRequest, _ member: Member) throws -> QueryReply {
    guard let text = request.parameters["plugin"],
      let plugins = try? JSONDecoder().decode([String: Bool].self, from: Data(text.utf8)),
      !plugins.isEmpty
    else { return QueryReply(status: 200, body: Array("\"Not enough parameters\"".utf8)) }
    try manager.turn(plugins, by: member)
    return QueryReply(status: 200, message: "started")
  }

  private func configure(_ request: QueryRequest, _ member: Member) throws -> QueryReply {
    guard let changes = changes(in: request) else { return Self.noChanges }
    let app = try app(of: request)
    let order = try ConfigurationOrder(changes, scope: app == nil ? nil : .app)
    try directory.core.change(order, of: app, by: member)
    return try json(configs(app: app))
  }

  private static let noChanges = QueryReply(status: 400, message: "Error updating configs")

  /// By plugin and name; nil when there are none, or they cannot be read.
  private func changes(in request: QueryRequest) -> [String: [String: ReportValue]]? {
    guard let text = request.parameters["configs"],
      let changes = try? JSONDecoder().decode(
        [String: [String: ReportValue]].self, from: Data(text.utf8)),
      !changes.isEmpty
    else { return nil }
    return changes
  }

  private var memberSettings: MemberSettings { MemberSettings(core: directory.core) }

  /// The app whose own values are meant; nil for all apps.
  private func app(of request: QueryRequest) throws -> String? {
    guard let text = request.parameters["app_id"] else { return nil }
    guard let app = apps.snapshot.app(hexID: text.lowercased()) else {
      throw AccessDenial.appUnknown
    }
    return app.hexID
  }

  // MARK: Reading

  /// By plugin or namespace and name, the values in force; with an app, those for it.
  private func configs(app: String?) throws -> [String: [String: ReportValue]] {
    var found = directory.core.spaces.all { setting in
      let instance = directory.core.runtime.instances.first { $0.name == setting.plugin }
      return instance?.settings.values[setting.name].map { ReportValue($0) }
    }
    if let app, let kept = try directory.core.store.app(hex: app) {
      for (space, own) in directory.core.ownValues(of: kept) {
        found[space, default: [:]].merge(own) { _, own in own }
      }
    }
    for instance in directory.core.runtime.instances where !instance.manifest.settings.isEmpty {
      let own = app.flatMap { instance.settings.overrides[$0] } ?? [:]
      for setting in instance.manifest.settings {
        guard let value = own[setting.name] ?? instance.settings.values[setting.name] else {
          continue
        }
        found[instance.name, default: [:]][setting.name] = SettingReport.shown(setting, value)
      }
    }
    return found
  }

  /// The newest lines of the audit, newest first.
  private func audit(_ request: QueryRequest) throws -> QueryReply {
    let limit = request.parameters["limit"].flatMap { Int($0) } ?? AuditReport.listMax
    let known = apps.snapshot
    let lines = try directory.core.store.auditLines(limit: min(max(limit, 0), AuditReport.listMax))
    return try json(
      lines.map { line in
        AuditReport(
          line, appID: known.byNumber[line.app]?.hexID,
          memberName: directory.core.members.member(id: line.member)?.username)
      })
  }

  private func schemas() -> [String: [SettingReport]] {
    Dictionary(
      directory.core.runtime.instances.map {
        ($0.name, SettingReport.list($0.manifest, $0.settings))
      }, uniquingKeysWith: { first, _ in first })
  }

  private func json(_ value: some Encodable) throws -> QueryReply {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return QueryReply(status: 200, body: [UInt8](try encoder.encode(value)))
  }
}
