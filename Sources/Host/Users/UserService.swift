import Foundation
import PluginRuntime
import Store

/// Answers what is asked and ordered about single users: `/o?method=user_details`,
/// `/i/app_users/*` and `/o/app_users/download/<id>`. Blocks, on the read threads only.
struct UserService: Sendable {
  /// Users one order with `force` may change.
  static let forcedMax = 1_000
  /// Users of one export.
  static let exportedMax = 100
  static let method = "user_details"

  let core: Core
  let access: Access
  let desk: UserDesk
  let exports: UserExports
  private let audit: UserAudit

  /// Who asks, and about which app.
  struct Caller {
    let member: Member
    let app: RegisteredApp
  }

  init(core: Core) {
    self.core = core
    access = core.access
    exports = UserExports(data: core.configuration.host.data)
    desk = UserDesk(core: core, eraser: UserEraser(core: core, exports: exports))
    audit = UserAudit(store: core.store, log: core.log)
  }

  /// What may be ordered; the segment behind `/i/app_users/`.
  private enum Order: String, CaseIterable {
    case create, update, delete, export, deleteExport
  }

  private static let orders = "/i/app_users"
  private static let downloads = "/o/app_users/download"

  /// What is answered here.
  static var routes: [APIRoute] {
    let query = ["query": "A JSON object of conditions over the members of users."]
    let changing: [APIRoute] = Order.allCases.map { order in
      let name = order == .deleteExport ? "/{name}" : ""
      return APIRoute(
        "\(orders)/\(order.rawValue)\(name)", right: Access.Need.appAdmin.words,
        .init("Users of an app: \(order.rawValue).", order == .create ? [:] : query))
    }
    let right = Access.Need.readCore.words
    return changing + [
      APIRoute(
        "/o", method: method, right: right, .reading("One user, or a table of them.", query)),
      APIRoute("\(downloads)/{name}", right: right, "A file that an export made."),
      APIRoute("\(Intake.pictureAddress){name}", right: right, "A picture of a user."),
    ]
  }

  /// Whether the request is answered here.
  static func owns(_ request: QueryRequest) -> Bool {
    request.path == "/o" && request.parameters["method"] == method
      || request.path == orders || request.path.hasPrefix(orders + "/")
      || request.path == downloads || request.path.hasPrefix(downloads + "/")
      || request.path.hasPrefix(Intake.pictureAddress)
  }

  func answer(_ request: QueryRequest) throws -> QueryReply {
    do {
      return try find(request)
    } catch let refusal as UserDesk.Refusal {
      return QueryReply(status: 400, message: refusal.reason)
    } catch is UserDirectory.TooMany {
      return QueryReply(
        status: 400,
        message: "more than \(UserDirectory.scanMax) users would have to be looked at; "
          + "name a property users are found by")
    }
  }

  private func find(_ request: QueryRequest) throws -> QueryReply {
    let path = request.path
    if path.hasPrefix(Self.orders) {
      let parts = path.dropFirst(Self.orders.count).split(separator: "/").map(String.init)
      guard let order = parts.first.flatMap(Order.init) else {
        throw QueryError(unknownPath: path)
      }
      let caller = try caller(of: request)
      return try carryOut(order, name: parts.dropFirst().first ?? "", request, caller)
    }
    let app = try caller(of: request).app
    if path.hasPrefix(Intake.pictureAddress) {
      return picture(String(path.dropFirst(Intake.pictureAddress.count)), app)
    }
    if path == "/o" { return try UserListing(service: self, app: app).answer(request) }
    return download(String(path.dropFirst(Self.downloads.count).drop { $0 == "/" }), app)
  }

  /// Refused as everywhere: malformed, missing, who, unknown.
  private func caller(of request: QueryRequest) throws -> Caller {
    let appID = request.parameters["app_id"]
    if let appID, appID.utf16.count != QueryRequest.identifierLength {
      throw QueryError(code: .invalidAppID)
    }
    let known = core.registry.snapshot
    if request.path == "/o", appID == nil { throw QueryError(code: .missingAppID) }
    let need: Access.Need = request.path.hasPrefix("/i/") ? .appAdmin : .readCore
    let member = try access.member(.init(request), need, appID: appID) {
      known.app(hexID: $0) != nil
    }
    guard let app = appID.flatMap(known.app(hexID:)) else { throw QueryError(code: .missingAppID) }
    return Caller(member: member, app: app)
  }

  // MARK: Orders

  private func carryOut(
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

  private func download(_ id: String, _ app: RegisteredApp) -> QueryReply {
    if id.isEmpty { return QueryReply(status: 400, message: "Missing filename") }
    guard let file = exports.read(id, appID: app.hexID) else {
      return QueryReply(status: 400, message: "Export doesn't exist")
    }
    let archive = TarGzip.archive(
      file.name, file.bytes, modifiedSeconds: Clock.system.nowMs / 1_000)
    return QueryReply(
      status: 200, body: archive,
      headers: [
        ("content-type", "application/x-gzip"),
        ("content-disposition", "inline; filename=\(file.name).tar.gz"),
      ])
  }

  /// A picture that a device sent. No browser may take it for anything else.
  private func picture(_ name: String, _ app: RegisteredApp) -> QueryReply {
    guard let picture = core.pictures.read(name, appID: app.hexID) else {
      return QueryReply(status: 404, message: "Picture not found")
    }
    return QueryReply(
      status: 200, body: picture.bytes,
      headers: [
        ("content-type", picture.format.contentType), ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'"), ("cache-control", "private, no-cache"),
      ])
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

  // MARK: Reading

  /// Looks at one snapshot that has everything that was durable when it was asked for.
  func read<T>(
    _ app: RegisteredApp, findsHidden: Bool = false, _ body: (UserDirectory) throws -> T
  ) throws -> T {
    core.pipeline.gate.wait(for: core.journal.durablePosition)
    let portraits = Portraits(core.runtime)
    return try core.store.read { snapshot in
      try body(
        UserDirectory(
          app: app.number, appKey: app.idKey, snapshot: snapshot, portraits: portraits,
          findsHidden: findsHidden))
    }
  }
}
