import NIOPosix
import Store
import TestThreads
import Testing

@testable import Host
@testable import PluginRuntime

/// Every path that the host answers itself, and every name that plugins answer, asked by everybody.
@Suite(.serialized, .ownThread) struct RightsTests {
  private enum Role: CaseIterable {
    case nobody, stranger, locked, guest, reader, appAdmin, globalAdmin
  }

  private let stand: Stand
  private let own: App
  private let foreign: App
  private var keys: [Role: String] = [.stranger: "x"]

  init() throws {
    stand = try Stand(worker)
    let store = stand.core.store
    own = try store.createApp(NewApp(name: "own"), nowMs: 1)
    foreign = try store.createApp(NewApp(name: "foreign"), nowMs: 1)
    let permissions: [Role: Permission] = [
      .locked: Permission(administering: [own.hex], using: []), .guest: Permission(),
      .reader: Permission(administering: [], using: [own.hex]),
      .appAdmin: Permission(administering: [own.hex], using: []),
    ]
    for (role, permission) in permissions {
      let text = permission.document.text(escaping: false)
      let member = try store.createMember(
        NewMember(username: "\(role)", permission: text), nowMs: 1)
      keys[role] = member.apiKey
      var lock = MemberChange()
      lock.isLocked = role == .locked
      _ = try store.updateMember(id: member.id, lock) { _ in [] }
    }
    keys[.globalAdmin] = try store.member(username: "owner")?.apiKey
    try stand.core.reloadAdministration()
  }

  /// Whether the rules let a role through; written down here once more, without the code's words.
  private func may(_ role: Role, _ need: Access.Need, isOwn: Bool?) -> Bool {
    switch (role, need) {
    case (.nobody, _), (.stranger, _), (.locked, _): false
    case (.globalAdmin, _), (_, .member): true
    case (_, .globalAdmin): false
    case (.reader, .right(.read, _)): isOwn == true
    case (.appAdmin, .right), (.appAdmin, .appAdmin): isOwn == true
    case (.guest, _), (.reader, _): false
    }
  }

  private func isDenial(_ reply: QueryReply) -> Bool {
    let denials: [AccessDenial] = [
      .credentialMissing, .memberUnknown, .memberLocked, .appMissing, .rightMissing,
      .globalAdminOnly, .appAdminOnly,
    ]
    return denials.contains {
      QueryReply(status: $0.status, message: $0.message).body == reply.body
    }
  }

  private var routes: OwnRoutes { OwnRoutes(core: stand.core) }

  private func parameters(_ role: Role, app: App?, _ more: [String: String]) -> [String: String] {
    var parameters = more
    parameters["api_key"] = keys[role]
    parameters["app_id"] = app?.hex
    return parameters
  }

  /// What each path asks for, once more: a path that asks for less, or is not here, fails.
  private static let needs: [String: Access.Need] = [
    "/o/ledger": .right(.read, "core"), "/o/live": .right(.read, "core"),
    "/o?method=get_period_obj": .right(.read, "core"), "/o?method=all_apps": .globalAdmin,
    "/o?method=jobs": .globalAdmin, "/o?method=systemlogs": .globalAdmin,
    "/o?method=systemlogs_meta": .globalAdmin,
    "/i/systemlogs": .member, "/o/system/version": .member, "/o/system/plugins": .member,
    "/o/countly_version": .member, "/o/internal-events": .right(.read, "core"),
    "/o/raw": .right(.read, "core"), "/o/users/permissions": .right(.read, "core"),
    "/i/events/edit_map": .right(.update, "events"),
    "/i/events/whitelist_segments": .right(.update, "events"),
    "/i/events/delete_events": .right(.delete, "events"),
    "/i/events/change_visibility": .right(.update, "events"),
    "/i/event_groups/create": .right(.create, "core"),
    "/i/event_groups/update": .right(.update, "core"),
    "/i/event_groups/delete": .right(.delete, "core"),
    "/o?method=get_event_groups": .right(.read, "core"),
    "/o?method=get_event_group": .right(.read, "core"),
    "/i/notes/save": .right(.create, "core"), "/i/notes/delete": .right(.read, "core"),
    "/o/notes": .right(.read, "core"), "/o?method=notes": .right(.read, "core"),
    "/o/cms/entries": .right(.read, "core"), "/i/cms/save_entries": .right(.create, "core"),
    "/i/cms/clear": .right(.create, "core"),
    "/i/apps/delete": .globalAdmin, "/i/apps/reset": .globalAdmin,
    "/i/apps/create": .globalAdmin, "/o/apps/plugins": .globalAdmin,
    "/i/apps/update": .appAdmin, "/o/apps/details": .appAdmin,
    "/i/apps/update/plugins": .appAdmin,
    "/o/apps/mine": .member, "/o/users/me": .member,
    "/i/token/create": .member, "/i/token/delete": .member,
    "/i/token/jwt": .member, "/o/users/reset_timeban": .globalAdmin,
    "/o/token/list": .member, "/o/token/check": .member,
    "/o/apps/all": .globalAdmin, "/o/users/all": .globalAdmin, "/o/users/id": .globalAdmin,
    "/i/users/create": .globalAdmin, "/i/users/update": .globalAdmin,
    "/i/users/renewApiKey": .member,
    "/o/tasks/all": .right(.read, "core"), "/o/tasks/count": .right(.read, "core"),
    "/o/tasks/list": .right(.read, "core"), "/o/tasks/task": .right(.read, "core"),
    "/o/tasks/check": .right(.read, "core"), "/i/tasks/update": .appAdmin,
    "/i/tasks/stop": .appAdmin, "/i/tasks/delete": .appAdmin, "/i/tasks/name": .appAdmin,
    "/i/tasks/edit": .appAdmin,
    "/i/users/delete": .globalAdmin, "/i/users/deleteOwnAccount": .globalAdmin,
  ]

  /// Where nobody is asked who they are before they name an app.
  private static let aboutApps: Set = [
    "/o?method=get_period_obj", "/o?method=get_event_groups", "/o?method=get_event_group",
    "/o?method=notes", "/o/internal-events",
  ]

  @Test("Each is told no more than the rules say, whichever app is named")
  func ownRoutes() throws {
    #expect(Set(stand.core.ownRoutes.keys) == Set(Self.needs.keys))
    for (path, need) in Self.needs {
      for role in Role.allCases {
        for app in [own, foreign, nil] {
          let reply = routes.answer(
            QueryRequest(
              httpMethod: "GET", path: path, parameters: parameters(role, app: app, [:])))
          if app == nil, Self.aboutApps.contains(path) {
            #expect(reply.body == QueryError(code: .missingAppID).reply.body, "\(path) \(role)")
            continue
          }
          let expected = may(role, need, isOwn: app.map { $0.hex == own.hex })
          #expect(isDenial(reply) == !expected, "\(path) \(role) \(app?.name ?? "no app")")
        }
      }
    }
  }

  @Test("What plugins answer asks for the right that they declare")
  func plugins() throws {
    for role in Role.allCases {
      for app in [own, foreign] {
        let asked = ["method": "worker", "do": "get", "key": "k"]
        let reply = stand.answer(parameters(role, app: app, asked))
        let expected = may(role, .right(.read, "worker"), isOwn: app.hex == own.hex)
        #expect(isDenial(reply) == !expected, "\(role) \(app.name)")
      }
    }
  }

  @Test("An administrator of one app does not change another by naming it inside")
  func swapped() throws {
    func rename(_ app: App) -> QueryReply {
      routes.answer(
        QueryRequest(
          httpMethod: "POST", path: AppDesk.path,
          parameters: parameters(
            .appAdmin, app: own, ["args": #"{"app_id":"\#(app.hex)","name":"taken"}"#])))
    }
    #expect(rename(foreign).status == 401)
    #expect(rename(own).status == 200)
    #expect(
      try Set(stand.core.store.apps().map(\.name)) == ["foreign", "taken", stand.app.name])
  }
}
