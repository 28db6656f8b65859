import Logging
import Store

/// Keeps which member ordered what about which users: one line for each order, users by their
/// number, which says nothing about anybody once they are erased.
struct UserAudit: Sendable {
  enum Action: String {
    case created = "user.created"
    case updated = "user.updated"
    case deleted = "user.deleted"
    case exported = "user.exported"
    case exportDeleted = "user.export-deleted"
  }

  /// Numbers one line names; `count` says how many there were.
  static let usersMax = 100

  let store: Store
  let log: Logger

  /// What was ordered is done: that nothing is written down about it is for the operator to know.
  func keep(_ action: Action, _ users: [UInt64], by caller: UserService.Caller) {
    guard !users.isEmpty else { return }
    let numbers = users.prefix(Self.usersMax).map { JSONValue.string(UserNumber.text($0)) }
    let detail = JSONValue.object([
      "count": .number(Double(users.count)), "users": .array(numbers),
    ])
    do {
      try store.audit(
        AuditLine(
          atMs: Clock.system.nowMs, plugin: "", member: caller.member.id, app: caller.app.number,
          action: action.rawValue, detail: detail.text(escaping: false)))
    } catch {
      log.error(
        "an order about users is not audited",
        metadata: ["action": "\(action.rawValue)", "reason": "\(error)"])
    }
  }
}
