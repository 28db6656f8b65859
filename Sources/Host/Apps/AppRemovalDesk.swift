import Foundation
import PluginRuntime
import Store

/// Deletes apps and takes their data away: `/i/apps/delete` and `/i/apps/reset`, as commands in the
/// journal. What was accepted before the answer is gone behind it, and nothing that comes later.
struct AppRemovalDesk: Sendable {
  /// How long it may take until everything that was accepted is counted and gone.
  private static let patience = Duration.seconds(25)
  private static let locked = QueryReply(status: 403, message: "Application is locked")
  private static let success = QueryReply(status: 200, message: "Success")

  let core: Core

  func delete(_ visit: Visit) throws -> QueryReply {
    guard let arguments = Arguments(visit.request) else {
      return AppDesk.refusal(Arguments.missing)
    }
    let refusals = arguments.refusals([AppDesk.idField])
    guard refusals.isEmpty else { return AppDesk.refusal(refusals.joined(separator: ",")) }
    guard let app = try app(arguments) else { return Self.failure }
    if app.isLocked { return Self.locked }
    try keep("app.deleted", app, app.name, by: visit.member)
    let reason = try clear(app.number, AppClearing(.app))
    return reason == nil ? Self.success : Self.failure
  }

  private static let failure = QueryReply(status: 500, message: "Error deleting app")

  func reset(_ visit: Visit) throws -> QueryReply {
    guard let arguments = Arguments(visit.request) else {
      return AppDesk.refusal(Arguments.missing)
    }
    let refusals = arguments.refusals([
      AppDesk.idField, .init(name: "period", kind: .text, isRequired: true),
    ])
    guard refusals.isEmpty else { return AppDesk.refusal(refusals.joined(separator: ",")) }
    guard let app = try app(arguments) else { return AppDesk.unknown }
    if app.isLocked { return Self.locked }
    let period = arguments.text("period") ?? ""
    guard let clearing = try Self.clearing(period, of: app, nowMs: Clock.system.nowMs) else {
      return AppDesk.refusal("Value of period is invalid")
    }
    try keep("app.reset", app, period, by: visit.member)
    if let reason = try clear(app.number, clearing) {
      return QueryReply(status: 500, message: reason)
    }
    return Self.success
  }

  /// What a period means; nil for what is none.
  static func clearing(_ period: String, of app: App, nowMs: Int64) throws -> AppClearing? {
    let months: [String: Int32] = [
      "1month": 1, "3month": 3, "6month": 6, "1year": 12, "2year": 24,
    ]
    switch period {
    case "reset": return AppClearing(.everything)
    case "all": return AppClearing(.data)
    default:
      guard let months = months[period] else { return nil }
      let calendar = try LocalCalendar(identifier: app.timezone)
      let today = CivilDate(day: calendar.day(ofMs: nowMs))
      let month = today.year * 12 + today.month - 1 - months
      let (year, place) = (month / 12, month % 12 + 1)
      // A day that the month does not have is the first of the next.
      let end = CivilDate.ordinal(
        year: place == 12 ? year + 1 : year, month: place == 12 ? 1 : place + 1, day: 1)
      let day = min(CivilDate.ordinal(year: year, month: place, day: today.day), end)
      return .before(day: day, beginsMs: calendar.startMs(ofDay: day))
    }
  }

  private func app(_ arguments: Arguments) throws -> App? {
    try core.store.app(hex: arguments.text("app_id") ?? "")
  }

  private func keep(_ action: String, _ app: App, _ detail: String, by member: Member) throws {
    try core.store.audit(
      AuditLine(
        atMs: Clock.system.nowMs, plugin: "", member: member.id, app: app.number, action: action,
        detail: detail))
  }

  /// Nil when it is done, else the reason.
  func clear(_ app: UInt32, _ clearing: AppClearing) throws -> String? {
    let outcome = core.services.submit(
      SubmittedCommand(
        plugin: HostCommand.owner, name: HostCommand.clearApp.rawValue, app: app, device: [],
        payload: Array(try JSONEncoder().encode(clearing)), timeout: Self.patience))
    return outcome.status == Status.ok ? nil : outcome.reason
  }
}
