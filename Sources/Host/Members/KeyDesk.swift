import Store

/// Gives members new api keys: `/i/users/renewApiKey`, their own or, by a global administrator,
/// somebody else's. The old one is nobody's when this is answered; the new one is told here, and
/// later to its member alone.
struct KeyDesk: Sendable {
  static let path = "/i/users/renewApiKey"
  static let action = "member.key.renewed"

  let core: Core

  func renew(_ visit: Visit) throws -> QueryReply {
    guard let id = visit.request.parameters["user_id"] else {
      return QueryReply(status: 400, message: "Missing parameter \"user_id\"")
    }
    // What is less than its owner is told no key of theirs.
    guard !visit.isLess, id == visit.member.id || visit.member.isGlobalAdmin else {
      throw AccessDenial.rightMissing
    }
    var change = MemberChange()
    change.renewsKey = true
    let renewed = try core.store.updateMember(id: id, change) { member in
      [
        AuditLine(
          atMs: Clock.system.nowMs, plugin: "", member: visit.member.id, app: 0,
          action: Self.action, detail: "\(member.id) \(member.username)")
      ]
    }
    guard let renewed else { return QueryReply(status: 404, message: "User not found") }
    try core.reloadAdministration()
    return QueryReply(.object(["_id": .string(id), "api_key": .string(renewed.apiKey)]))
  }
}
