import Foundation
import PluginRuntime
import Store

/// Changes apps: `/i/apps/update`. What is changed holds for every request that begins behind the
/// answer.
final class AppDesk: Sendable {
  static let path = "/i/apps/update"
  static let action = "app.changed"
  private static let textBytesMax = 256
  private static let addressBytesMax = 2_048
  /// Secrets are told to nobody, the audit included.
  private static let secret = "salt"

  private let core: Core
  private let oneByOne = NSLock()

  init(core: Core) { self.core = core }

  func answer(_ visit: Visit) throws -> QueryReply {
    guard
      case .object(var arguments)? = visit.request.parameters["args"].flatMap({ JSONValue($0) })
    else { return Self.refusal("Missing 'args' parameter") }
    guard let app = arguments.removeValue(forKey: "app_id") else {
      return Self.refusal("Missing app_id argument")
    }
    guard let appID = app.string else { return Self.refusal("Invalid type for app_id") }
    // Whoever administers one app changes that one.
    guard visit.member.isGlobalAdmin || visit.app?.hexID == appID else {
      throw AccessDenial.appAdminOnly
    }
    arguments["edited_at"] = nil
    if arguments.isEmpty { return QueryReply(status: 200, message: "Nothing changed") }
    let change: AppChange
    switch read(arguments) {
    case .success(let read): change = read
    case .failure(let refusal): return Self.refusal(refusal.text)
    }
    return try update(appID, change, arguments.keys.sorted(), by: visit.member)
  }

  private struct Refusal: Error {
    let text: String
  }

  private static func refusal(_ text: String) -> QueryReply {
    QueryReply(status: 400, message: text)
  }

  // MARK: Reading

  private func read(_ arguments: [String: JSONValue]) -> Result<AppChange, Refusal> {
    var change = AppChange()
    var invalid: [String] = []
    for (name, value) in arguments.sorted(by: { $0.key < $1.key }) {
      let text = value.string.flatMap { $0.utf8.count <= Self.textBytesMax ? $0 : nil }
      var isRead = true
      switch name {
      case "name":
        if text == "" { return .failure(Refusal(text: "Invalid app name")) }
        (change.name, isRead) = (text, text != nil)
      case "country":
        (change.country, isRead) = (text, text.map(Self.isCountry) ?? false)
      case "salt", "checksum_salt": (change.salt, isRead) = (text, text != nil)
      case "paused": (change.isPaused, isRead) = (value.flag, value.flag != nil)
      case "locked": (change.isLocked, isRead) = (value.flag, value.flag != nil)
      case "redirect_url":
        (change.redirectURL, isRead) = (value.string, value.string.map(isTarget) ?? false)
      default: isRead = false
      }
      if !isRead { invalid.append(name) }
    }
    guard invalid.isEmpty else {
      return .failure(Refusal(text: "Invalid props: \(invalid.joined(separator: ","))"))
    }
    return .success(change)
  }

  private static func isCountry(_ text: String) -> Bool {
    text.isEmpty
      || text.utf8.count == 2
        && text.utf8.allSatisfy { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
  }

  /// Whether requests may be sent on to it: an address of the web that is a server's and no page's.
  /// What its name leads to is judged with every connection.
  private func isTarget(_ text: String) -> Bool {
    if text.isEmpty { return true }
    guard text.utf8.count <= Self.addressBytesMax,
      text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
      let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
      ["http", "https"].contains(parts.scheme?.lowercased() ?? ""),
      parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil
    else { return false }
    let bare = host.trimmingCharacters(in: ["[", "]"])
    guard let network = AddressPolicy.Network(bare) else { return true }
    return core.configuration.host.outgoingAllow.denial(of: network.bytes) == nil
  }

  // MARK: Changing

  private func update(
    _ appID: String, _ change: AppChange, _ names: [String], by member: Member
  ) throws -> QueryReply {
    let nowMs = Clock.system.nowMs
    oneByOne.lock()
    defer { oneByOne.unlock() }
    let updated = try core.store.updateApp(hex: appID, change) { app in
      [
        AuditLine(
          atMs: nowMs, plugin: "", member: member.id, app: app.number, action: Self.action,
          detail: Self.detail(app, change))
      ]
    }
    guard let updated else { return QueryReply(status: 404, message: "App not found") }
    try core.reloadAdministration()
    var told: [String: JSONValue] = ["edited_at": .number(Double(nowMs / 1_000))]
    for name in names { told[name] = Self.values(of: updated)[name] }
    return QueryReply(status: 200, body: Array(JSONValue.object(told).text().utf8))
  }

  private static func values(of app: App) -> [String: JSONValue] {
    [
      "name": .string(app.name), "country": .string(app.country), "salt": .string(app.salt),
      "checksum_salt": .string(app.salt), "paused": .bool(app.isPaused),
      "locked": .bool(app.isLocked), "redirect_url": .string(app.redirectURL),
    ]
  }

  /// Before and after, of what is changed.
  private static func detail(_ app: App, _ change: AppChange) -> String {
    var told: [String: JSONValue] = [:]
    func tell(_ name: String, _ before: JSONValue, _ after: JSONValue?) {
      guard let after else { return }
      told[name] =
        name == secret ? .string("changed") : .object(["before": before, "after": after])
    }
    tell("name", .string(app.name), change.name.map { .string($0) })
    tell("country", .string(app.country), change.country.map { .string($0) })
    tell(secret, .null, change.salt.map { .string($0) })
    tell("paused", .bool(app.isPaused), change.isPaused.map { .bool($0) })
    tell("locked", .bool(app.isLocked), change.isLocked.map { .bool($0) })
    tell("redirect_url", .string(app.redirectURL), change.redirectURL.map { .string($0) })
    return JSONValue.object(told).text(escaping: false)
  }
}
