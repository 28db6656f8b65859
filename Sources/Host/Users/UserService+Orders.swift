/// Orders about users: `/i/app_users/create`, `update`, `delete`, `export` and `deleteExport`.
extension UserService {
  func carryOut(
    _ order: Order, name: String, _ request: QueryRequest, _ caller: Caller
  ) throws -> QueryReply {
    switch order {
    case .create: return try create(request, caller)
    case .update: return try update(request, caller)
    case .delete: return try delete(request, caller)
    case .export: return try export(request, caller)
    case .deleteExport:
      guard let users = exports.remove(name, appID: caller.app.hexID) else {
        return QueryReply(status: 400, message: "Export doesn't exist")
      }
      audit.keep(.exportDeleted, users, by: caller)
      return QueryReply(status: 200, message: "Export deleted")
    }
  }

  private func create(_ request: QueryRequest, _ caller: Caller) throws -> QueryReply {
    let app = caller.app
    var data = try object("data", of: request)
    if data.isEmpty { throw UserDesk.Refusal(reason: "Parameter \"data\" cannot be empty") }
    guard let did = data.removeValue(forKey: "did")?.string, !did.isEmpty else {
      throw UserDesk.Refusal(reason: "Provide device_id as did property for data")
    }
    let device = Array(did.utf8)
    let id = UserNumber.hash(appKey: app.idKey, device: device)
    if let given = data.removeValue(forKey: "_id"), given != .string(id) {
      throw UserDesk.Refusal(
        reason: "Id provided in data should be \(id), or be left out; it follows from did")
    }
    guard device.count <= IntakeLimits().deviceIDBytesMax else {
      throw UserDesk.Refusal(reason: "did is longer than a device id may be")
    }
    guard try desk.create(app: app.number, device: device) else {
      throw UserDesk.Refusal(reason: "User with this did already exists")
    }
    if !data.isEmpty { try desk.edit(app: app.number, device: device, .object(data)) }
    let made = try read(app) { try $0.user(device: did) }
    audit.keep(.created, made.map { [$0.uid] } ?? [], by: caller)
    let document = made?.document ?? .null
    return QueryReply(status: 200, message: "User Created: \(document.text(escaping: false))")
  }

  private func update(_ request: QueryRequest, _ caller: Caller) throws -> QueryReply {
    let change = try object("update", of: request)
    if change.isEmpty { throw UserDesk.Refusal(reason: "Parameter \"update\" cannot be empty") }
    let query = try query(of: request, empty: "Parameter \"query\" cannot be empty")
    let users = try meant(query, request, caller.app, "This query would update more than one user")
    var done: [UInt64] = []
    defer { audit.keep(.updated, done, by: caller) }
    for user in users {
      try desk.edit(app: caller.app.number, device: user.device, .object(change))
      done.append(user.uid)
    }
    return QueryReply(status: 200, message: "User Updated")
  }

  private func delete(_ request: QueryRequest, _ caller: Caller) throws -> QueryReply {
    let query = try query(
      of: request,
      empty: "Parameter \"query\" cannot be empty, it would delete all users. Use clear app instead"
    )
    let users = try meant(
      query, request, caller.app, "This query would delete more than one user", findsHidden: true)
    var done: [UInt64] = []
    defer { audit.keep(.deleted, done, by: caller) }
    for user in users {
      try desk.erase(app: caller.app, uid: user.uid)
      done.append(user.uid)
    }
    return QueryReply(status: 200, message: "User deleted")
  }

  private func export(_ request: QueryRequest, _ caller: Caller) throws -> QueryReply {
    let app = caller.app
    let query = try query(of: request, empty: "Parameter \"query\" cannot be empty")
    let users = try read(app) { try $0.users(query, limit: Self.exportedMax + 1) }
    guard let first = users.first else {
      throw UserDesk.Refusal(reason: "Query didn't mach any user")
    }
    guard users.count <= Self.exportedMax else {
      throw UserDesk.Refusal(
        reason: "This query would export more than \(Self.exportedMax) users")
    }
    let uids = users.map(\.uid)
    let name =
      uids.count == 1
      ? UserExports.name(appID: app.hexID, uid: first.uid)
      : UserExports.name(appID: app.hexID, uids: uids)
    let json = try UserExport(core: core, app: app, users: users).json()
    try exports.write(Array(json.text(escaping: false).utf8), as: name)
    audit.keep(.exported, uids, by: caller)
    return QueryReply(status: 200, message: name)
  }

  // MARK: Parameters

  /// A parameter that holds a JSON object.
  private func object(_ name: String, of request: QueryRequest) throws -> [String: JSONValue] {
    guard let text = request.parameters[name] else {
      throw UserDesk.Refusal(reason: "Missing parameter \"\(name)\"")
    }
    guard case .object(let members)? = JSONValue(text) else {
      throw UserDesk.Refusal(
        reason: "Could not parse parameter \"\(name)\": \(text.prefix(200))")
    }
    return members
  }

  private func query(of request: QueryRequest, empty: String) throws -> UserQuery {
    let members = try object("query", of: request)
    if members.isEmpty { throw UserDesk.Refusal(reason: empty) }
    return try Self.query(.object(members))
  }

  static func query(_ value: JSONValue) throws -> UserQuery {
    do throws(UserQuery.Refusal) { return try UserQuery(value) } catch {
      throw UserDesk.Refusal(reason: "Could not parse parameter \"query\": \(error.reason)")
    }
  }

  /// The users an order is about: one, unless it is forced.
  private func meant(
    _ query: UserQuery, _ request: QueryRequest, _ app: RegisteredApp, _ tooMany: String,
    findsHidden: Bool = false
  ) throws -> [AppUser] {
    let isForced = !["", "false", "0"].contains(request.parameters["force"] ?? "")
    let users = try read(app, findsHidden: findsHidden) {
      try $0.users(query, limit: isForced ? Self.forcedMax : 2)
    }
    if users.isEmpty { throw UserDesk.Refusal(reason: "No users matching criteria") }
    if users.count > 1, !isForced { throw UserDesk.Refusal(reason: tooMany) }
    return users
  }
}
