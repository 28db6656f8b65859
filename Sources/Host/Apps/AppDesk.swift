import Foundation
import PluginRuntime
import Store

/// Makes and changes apps: `/i/apps/create` and `/i/apps/update`. What is changed holds for every
/// request that begins behind the answer, and is in the audit.
final class AppDesk: Sendable {
  static let path = "/i/apps/update"
  static let action = "app.changed"
  static let unknown = QueryReply(status: 404, message: "App not found")
  private static let taken = "App key already in use"
  static let nothing = QueryReply(status: 200, message: "Nothing changed")
  /// What is told to the audit; secrets are told to nobody, and the rest may be large.
  private static let audited: Set<String> = [
    "name", "country", "timezone", "category", "type", "paused", "locked", "redirect_url",
  ]
  private static let declared: [Arguments.Field] = [
    "country", "type", "category", "key", "timezone", "salt", "checksum_salt",
  ].map { .init(name: $0, kind: .text) }
  static let idField = Arguments.Field(name: "app_id", kind: .text, isRequired: true)

  let core: Core

  init(core: Core) { self.core = core }

  // MARK: Orders

  /// What cannot be is replaced by what the server has for new apps.
  func create(_ visit: Visit) throws -> QueryReply {
    guard let arguments = Arguments(visit.request) else { return Self.refusal(Arguments.missing) }
    let refusals = arguments.refusals(
      [.init(name: "name", kind: .text, isRequired: true)] + Self.declared)
    guard refusals.isEmpty else { return Self.refusal(refusals.joined(separator: ",")) }
    let read = reading(arguments.all)
    let replaced = ["country", "timezone", "category", "type"]
    let invalid = read.invalid.filter { !replaced.contains($0) }
    guard invalid.isEmpty else { return Self.invalid(invalid) }
    guard let extra = read.extra(over: "{}") else { return Self.tooLarge }
    let icon: [UInt8]?
    do { icon = try Self.icon(visit.request) } catch { return Self.refusal(error) }
    let defaults = AppDefaults(core.spaces)
    var new = NewApp(
      name: read.change.name ?? "", timezone: read.change.timezone ?? defaults.timezone,
      country: read.change.country.flatMap { $0.isEmpty ? nil : $0 } ?? defaults.country,
      salt: read.change.salt ?? "")
    new.category = read.change.category ?? defaults.category
    new.type = read.change.type ?? defaults.type
    new.key = read.change.key.flatMap { $0.isEmpty ? nil : $0 }
    new.owner = visit.member.id
    (new.extra, new.icon) = (extra, icon)
    return try make(new, read.change, by: visit.member)
  }

  func update(_ visit: Visit) throws -> QueryReply {
    guard let arguments = Arguments(visit.request) else { return Self.refusal(Arguments.missing) }
    guard let appID = try Self.appID(arguments, visit) else {
      return Self.refusal(arguments.refusals([Self.idField]).joined(separator: ","))
    }
    let read = reading(arguments.all)
    let icon: [UInt8]?
    do { icon = try Self.icon(visit.request) } catch { return Self.refusal(error) }
    if read.names.isEmpty, read.invalid.isEmpty, icon == nil { return Self.nothing }
    if read.change.name == "" { return QueryReply(status: 400, message: "Invalid app name") }
    if read.change.key == "" { return QueryReply(status: 400, message: "Invalid app key") }
    guard read.invalid.isEmpty else { return Self.invalid(read.invalid) }
    let told = read.names + (icon == nil ? [] : [AppDocument.imageName])
    return try change(appID, by: visit.member, told: told) { app in
      guard let extra = read.extra(over: app.extra) else { return nil }
      var change = read.change
      (change.extra, change.icon) = (extra, icon)
      return change
    }
  }

  // MARK: Parts

  /// The app an order is about, when it names one. Whoever administers one app changes that one.
  static func appID(_ arguments: Arguments, _ visit: Visit) throws -> String? {
    guard let appID = arguments.text("app_id"), !appID.isEmpty else { return nil }
    guard visit.member.isGlobalAdmin || visit.app?.hexID == appID else {
      throw AccessDenial.appAdminOnly
    }
    return appID
  }

  static func refusal(_ text: String) -> QueryReply {
    QueryReply(status: 400, message: "Error: \(text)")
  }

  /// What a form brings as the app's picture.
  private static func icon(_ request: QueryRequest) throws(Raster.Refusal) -> [UInt8]? {
    guard HeaderText.isMultipartForm(request.contentType),
      let file = MultipartParameters.file(AppIcon.field, in: request.body)
    else { return nil }
    return try AppIcon.make(of: file)
  }

  private static func refusal(_ refusal: Raster.Refusal) -> QueryReply {
    Self.refusal("\(AppIcon.field): \(refusal)")
  }

  private static func invalid(_ names: [String]) -> QueryReply {
    QueryReply(status: 400, message: "Invalid props: \(names.joined(separator: ","))")
  }

  static let tooLarge = refusal(
    "what is kept of an app is longer than \(AppArguments.extraBytesMax) bytes")

  private func reading(_ members: [String: JSONValue]) -> AppArguments {
    AppArguments(members, targets: core.configuration.host.outgoingAllow)
  }

  private func make(_ new: NewApp, _ more: AppChange, by member: Member) throws -> QueryReply {
    try refusingTakenKeys {
      let nowMs = Clock.system.nowMs
      var made = try core.store.createApp(new, nowMs: nowMs) { app in
        [line("app.created", app, by: member, app.name)]
      }
      if more.isPaused != nil || more.isLocked != nil || more.redirectURL != nil {
        var change = AppChange()
        (change.isPaused, change.isLocked) = (more.isPaused, more.isLocked)
        change.redirectURL = more.redirectURL
        made = try core.store.updateApp(hex: made.hex, { _ in change }) { _, _ in [] } ?? made
      }
      try core.reloadAdministration()
      return QueryReply(.object(AppDocument(app: made, lastDataMs: [:]).made))
    }
  }

  /// `change` answers nil when there would be too much.
  func change(
    _ appID: String, by member: Member, told names: [String], _ change: (App) -> AppChange?
  ) throws -> QueryReply {
    try refusingTakenKeys {
      let nowMs = Clock.system.nowMs
      var isTooLarge = false
      let updated = try core.store.updateApp(hex: appID) { app in
        guard var wanted = change(app) else {
          isTooLarge = true
          return AppChange()
        }
        wanted.editedMs = nowMs
        return wanted
      } audit: { before, after in
        isTooLarge
          ? [] : [line(Self.action, before, by: member, Self.detail(before, after, names))]
      }
      guard let updated else { return Self.unknown }
      if isTooLarge { return Self.tooLarge }
      try core.reloadAdministration()
      return QueryReply(.object(told(of: updated, names)))
    }
  }

  private func refusingTakenKeys(_ body: () throws -> QueryReply) throws -> QueryReply {
    do { return try body() } catch let error as StoreError where error.code == .taken {
      return QueryReply(status: 400, message: Self.taken)
    }
  }

  /// What was changed, and when.
  private func told(of app: App, _ names: [String]) -> [String: JSONValue] {
    let document = AppDocument(app: app, lastDataMs: core.directory.snapshot.lastDataMs)
    let all = document.all
    var told: [String: JSONValue] = ["edited_at": all["edited_at"] ?? .null]
    for name in names { told[name] = all[name] }
    if names.contains("key") || names.contains("remove_keys") { told["keys"] = document.keys }
    return told
  }

  /// Before and after, of what is changed.
  private static func detail(_ before: App, _ after: App, _ names: [String]) -> String {
    let old = AppDocument(app: before, lastDataMs: [:]).all
    let new = AppDocument(app: after, lastDataMs: [:]).all
    var told: [String: JSONValue] = [:]
    for name in names {
      let own = name == "checksum_salt" ? "salt" : name
      told[own] =
        audited.contains(name)
        ? .object(["before": old[name] ?? .null, "after": new[name] ?? .null]) : .string("changed")
    }
    return JSONValue.object(told).text(escaping: false)
  }

  private func line(
    _ action: String, _ app: App, by member: Member, _ detail: String
  ) -> AuditLine {
    AuditLine(
      atMs: Clock.system.nowMs, plugin: "", member: member.id, app: app.number, action: action,
      detail: detail)
  }
}
