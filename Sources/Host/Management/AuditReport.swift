import Store

/// What somebody did, as `/o/audit` shows it.
struct AuditReport: Encodable, Equatable {
  /// Lines of one answer.
  static let listMax = 1_000

  let atMs: Int64
  /// Who says so, or, of changes of the configuration, the plugin it is about.
  let plugin: String
  /// A member's id; empty for a plugin by itself, a command or a file.
  let member: String
  let memberName: String?
  let appID: String?
  let action: String
  let detail: String

  enum CodingKeys: String, CodingKey {
    case plugin, member, action, detail
    case atMs = "at_ms"
    case memberName = "member_name"
    case appID = "app_id"
  }

  init(_ line: AuditLine, appID: String?, memberName: String?) {
    atMs = line.atMs
    plugin = line.plugin
    member = line.member
    self.memberName = memberName
    self.appID = appID
    action = line.action
    detail = line.detail
  }
}
