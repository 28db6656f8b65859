import Foundation
import Store

/// The audit as clients know it: `/o?method=systemlogs`, `systemlogs_meta` and `/i/systemlogs`.
struct SystemLogs: Sendable {
  /// Lines one question looks through, and those of one answer.
  private static let scannedMax = 100_000
  private static let (rowsStandard, rowsMax) = (10, 1_000)
  private static let (actionBytesMax, dataBytesMax) = (128, 16_384)
  /// Who says what members write down themselves.
  private static let writer = "systemlogs"

  static let parameters = [
    "sSearch": "Part of an action.", "query": "A JSON object of conditions.",
    "period": "As everywhere.", "iDisplayStart": "Rows left out.", "iDisplayLength": "Rows shown.",
    "iSortCol_0": "1 ts, 2 u, 3 ip, 4 a, 5 i.", "sSortDir_0": "asc or desc.",
    "sEcho": "Given back.",
  ]

  let core: Core

  // MARK: The table

  func list(_ visit: Visit) throws -> QueryReply {
    let parameters = visit.request.parameters
    var query: UserQuery?
    if let value = parameters["query"].flatMap({ JSONValue($0) }) {
      do throws(UserQuery.Refusal) { query = try UserQuery(value) } catch {
        return QueryReply(status: 400, message: "Invalid parameter \"query\": \(error.reason)")
      }
    }
    let search = parameters["sSearch"]?.lowercased() ?? ""
    let rows = try lines(parameters["period"], visit.app).map(row).filter { row in
      (search.isEmpty || row.value(at: "a")?.string?.lowercased().contains(search) == true)
        && query?.matches(row) != false
    }
    let start = max(0, parameters["iDisplayStart"].flatMap { Int($0) } ?? 0)
    let length = parameters["iDisplayLength"].flatMap { Int($0) } ?? Self.rowsStandard
    let shown = sorted(rows, parameters).dropFirst(start).prefix(min(max(length, 0), Self.rowsMax))
    return QueryReply(
      .object([
        "sEcho": .string(parameters["sEcho"] ?? ""),
        "iTotalRecords": .number(Double(try core.store.auditCount())),
        "iTotalDisplayRecords": .number(Double(rows.count)), "aaData": .array(Array(shown)),
      ]))
  }

  /// By the column that is named, ascending or descending; else the newest first.
  private func sorted(_ rows: [JSONValue], _ parameters: [String: String]) -> [JSONValue] {
    let columns = ["", "ts", "u", "ip", "a", "i"]
    guard let place = parameters["iSortCol_0"].flatMap({ Int($0) }),
      columns.indices.contains(place),
      place > 1
    else { return parameters["sSortDir_0"] == "asc" ? rows.reversed() : rows }
    let name = columns[place]
    let keyed = rows.map { (key: $0.value(at: name)?.text(escaping: false) ?? "", row: $0) }
    let isUp = parameters["sSortDir_0"] == "asc"
    return keyed.sorted { isUp ? $0.key < $1.key : $0.key > $1.key }.map(\.row)
  }

  private func lines(_ period: String?, _ app: RegisteredApp?) throws -> [KeptAuditLine] {
    guard let period else {
      return try core.store.auditLines(from: .min, to: .max, limit: Self.scannedMax)
    }
    let range = Period(
      text: period, nowMs: Clock.system.nowMs, calendar: app?.calendar ?? .utc)
    return try core.store.auditLines(
      from: range.startMs, to: range.endMs, limit: Self.scannedMax)
  }

  private func row(_ kept: KeptAuditLine) -> JSONValue {
    let line = kept.line
    let made = Date(timeIntervalSince1970: Double(line.atMs) / 1_000)
    return .object([
      "_id": .string(Self.identifier(kept.id)), "a": .string(Self.action(line)),
      "i": JSONValue(line.detail) ?? .string(line.detail),
      "ts": .number(Double(line.atMs / 1_000)), "cd": .string(made.ISO8601Format()),
      "u": .string(core.members.member(id: line.member)?.username ?? ""),
      "ip": .string(line.address), "user_id": .string(line.member),
      "app_id": .string(core.registry.snapshot.byNumber[line.app]?.hexID ?? ""),
    ])
  }

  private static func identifier(_ id: Int64) -> String {
    let digits = String(id, radix: 16)
    return String(repeating: "0", count: QueryRequest.identifierLength - digits.count) + digits
  }

  /// What clients call it: `app_updated`, `user_created`, `app_user_deleted`, `change_configs`.
  static func action(_ line: AuditLine) -> String {
    switch line.action {
    case ConfigurationAudit.action:
      return line.detail.contains(".enabled\"") ? "change_plugins" : "change_configs"
    case ConfigurationSpaces.action: return "change_configs"
    case UserAudit.Action.exported.rawValue: return "export_app_user"
    default: break
    }
    var words = line.action.split(separator: ".").map(String.init)
    guard words.count > 1 else { return line.action }
    if words[0] == "user" { words[0] = "app_user" }
    if words[0] == "member" { words[0] = "user" }
    if words[words.count - 1] == "changed" { words[words.count - 1] = "updated" }
    return words.joined(separator: "_").replacing("-", with: "_")
  }

  // MARK: What there is to choose from

  func meta(_ visit: Visit) throws -> QueryReply {
    let lines = try lines(visit.request.parameters["period"], visit.app)
    let users = try core.store.members().map { member in
      JSONValue.object([
        "_id": .string(member.id), "username": .string(member.username),
        "email": .string(member.email), "full_name": .string(member.fullName),
      ])
    }
    return QueryReply(
      .object([
        "action": .texts(Set(lines.map { Self.action($0.line) }).sorted()), "users": .array(users),
      ]))
  }

  // MARK: Writing

  /// What a member's own tools write down about what they do.
  func add(_ visit: Visit) throws -> QueryReply {
    let (action, data) = (
      visit.request.parameters["action"] ?? "", visit.request.parameters["data"] ?? ""
    )
    guard !action.isEmpty, action.utf8.count <= Self.actionBytesMax,
      data.utf8.count <= Self.dataBytesMax
    else { return QueryReply(status: 400, message: "Invalid parameter \"action\" or \"data\"") }
    try core.store.audit(
      AuditLine(
        atMs: Clock.system.nowMs, plugin: Self.writer, member: visit.member.id,
        app: visit.app?.number ?? 0, action: action, detail: data))
    return QueryReply(status: 200, message: "Success")
  }
}
