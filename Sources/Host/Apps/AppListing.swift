import Store

/// Answers questions about apps: `/o/apps/all`, `mine` and `details`.
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
    guard let id = visit.app?.hexID, let app = try core.store.apps().first(where: { $0.hex == id })
    else { throw QueryError(code: .missingAppID) }
    let callers = try core.store.members().map(MemberRights.init)
    func people(_ isMeant: (MemberRights) -> Bool) -> JSONValue {
      .array(callers.filter(isMeant).map { Self.name($0.member) })
    }
    return QueryReply(
      .object([
        "app": .object([
          "created_at": .number(Double(app.createdMs / 1_000)), "plugins": .object([:]),
        ]),
        "global_admin": people { $0.member.isGlobalAdmin },
        "admin": people { !$0.member.isGlobalAdmin && $0.permission.administers(id) },
        "user": people {
          !$0.member.isGlobalAdmin && !$0.permission.administers(id)
            && $0.permission.apps.contains(id)
        },
      ]))
  }

  private static func documents(_ apps: [App]) -> JSONValue {
    .object(Dictionary(uniqueKeysWithValues: apps.map { ($0.hex, document($0)) }))
  }

  private static func document(_ app: App) -> JSONValue {
    .object([
      "_id": .string(app.hex), "key": .string(app.key), "name": .string(app.name),
      "country": .string(app.country), "timezone": .string(app.timezone),
      "salt": .string(app.salt), "category": .string(""),
    ])
  }

  private static func name(_ member: Member) -> JSONValue {
    .object([
      "_id": .string(member.id), "full_name": .string(member.fullName),
      "username": .string(member.username),
    ])
  }
}
