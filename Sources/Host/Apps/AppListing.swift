import Store

/// Answers questions about apps: `/o/apps/all`, `mine`, `details` and `plugins`.
struct AppListing: Sendable {
  let core: Core

  func all(_ visit: Visit) throws -> QueryReply {
    let apps = Self.documents(try core.store.apps())
    return QueryReply(.object(["admin_of": apps, "user_of": apps]))
  }

  /// The apps that a member administers, and those of which they may do something.
  func mine(_ visit: Visit) throws -> QueryReply {
    if visit.member.isGlobalAdmin { return try all(visit) }
    let permission = MemberRights(visit.member).permission
    let apps = try core.store.apps()
    return QueryReply(
      .object([
        "admin_of": Self.documents(apps.filter { permission.administers($0.hex) }),
        "user_of": Self.documents(apps.filter { permission.apps.contains($0.hex) }),
      ]))
  }

  /// One app, and who may do what with it.
  func details(_ visit: Visit) throws -> QueryReply {
    guard let id = visit.app?.hexID, let app = try core.store.app(hex: id)
    else { throw QueryError(code: .missingAppID) }
    let document = AppDocument(app: app, lastDataMs: core.directory.snapshot.lastDataMs).all
    let owner = core.members.member(id: app.owner)
    let callers = try core.store.members().map(MemberRights.init)
    func people(_ isMeant: (MemberRights) -> Bool) -> JSONValue {
      .array(callers.filter(isMeant).map { Self.name($0.member) })
    }
    return QueryReply(
      .object([
        "app": .object([
          "owner": .string(owner?.fullName ?? ""), "owner_id": .string(app.owner),
          "created_at": document["created_at"] ?? .null,
          "edited_at": document["edited_at"] ?? .null, "plugins": core.pluginsDocument(of: app),
          "last_data": document["last_data"] ?? .null,
        ]),
        "global_admin": people { $0.member.isGlobalAdmin },
        "admin": people { !$0.member.isGlobalAdmin && $0.permission.administers(id) },
        "user": people {
          !$0.member.isGlobalAdmin && !$0.permission.administers(id)
            && $0.permission.apps.contains(id)
        },
      ]))
  }

  /// What plugins and namespaces are told of one app; all of it, where none has the name.
  func plugins(_ visit: Visit) throws -> QueryReply {
    guard let id = visit.app?.hexID, let app = try core.store.app(hex: id) else {
      return AppDesk.refusal("Missing app_id argument")
    }
    let all = core.pluginsDocument(of: app)
    let name = visit.request.parameters["name"]
    let one = name.flatMap { name in all.members?[name].map { JSONValue.object([name: $0]) } }
    return QueryReply(.object(["plugins": one ?? all]))
  }

  private static func documents(_ apps: [App]) -> JSONValue {
    .object(
      Dictionary(
        uniqueKeysWithValues: apps.map {
          (
            $0.hex, JSONValue.object(AppDocument(app: $0, lastDataMs: [:]).listed)
          )
        }))
  }

  private static func name(_ member: Member) -> JSONValue {
    .object([
      "_id": .string(member.id), "full_name": .string(member.fullName),
      "username": .string(member.username),
    ])
  }
}
