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
  let audit: UserAudit

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
  enum Order: String, CaseIterable {
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
