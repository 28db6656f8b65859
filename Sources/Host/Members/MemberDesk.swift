import Foundation
import Store

/// Makes, changes and deletes members: `/i/users/*`. What is changed holds for every request that
/// begins behind the answer, and is in the audit.
final class MemberDesk: Sendable {
  private static let fields: [Arguments.Field] = [
    .init(name: "lang", kind: .text, bytesMax: 32), .init(name: "permission", kind: .object),
    .init(name: "admin_of", kind: .list), .init(name: "user_of", kind: .list),
    .init(name: "global_admin", kind: .flag), .init(name: "locked", kind: .flag),
  ]
  private static let names = ["full_name", "username", "password", "email"]
  private static let taken = "Email or username already exists"
  /// Members one order may delete.
  private static let deletedMax = 1_000

  private let core: Core
  private let oneByOne = NSLock()

  init(core: Core) { self.core = core }

  // MARK: Orders

  func create(_ visit: Visit) throws -> QueryReply {
    guard let arguments = Arguments(visit.request) else { return Self.refusal(Arguments.missing) }
    let needed = Self.names.map { Arguments.Field(name: $0, kind: .text, isRequired: true) }
    let refusals = refusals(arguments, needed + Self.fields)
    guard refusals.isEmpty else { return QueryReply(status: 400, messages: refusals) }
    let new = NewMember(
      username: arguments.text("username") ?? "", fullName: arguments.text("full_name") ?? "",
      email: arguments.text("email")?.lowercased() ?? "",
      passwordHash: try PasswordHash.make(arguments.text("password") ?? ""),
      isGlobalAdmin: arguments.flag("global_admin") ?? false,
      permission: Self.permission(arguments)?.document.text(escaping: false) ?? "",
      language: arguments.text("lang") ?? "")
    return try change {
      let made = try core.store.createMember(new, nowMs: Clock.system.nowMs) {
        [line("member.created", $0, by: visit.member, Self.detail(arguments))]
      }
      return QueryReply(.object(made.ownDocument))
    }
  }

  func update(_ visit: Visit) throws -> QueryReply {
    guard let arguments = Arguments(visit.request) else { return Self.refusal(Arguments.missing) }
    let own = [Arguments.Field(name: "user_id", kind: .text, isRequired: true)]
    let refusals = refusals(
      arguments,
      own + Self.names.map { .init(name: $0, kind: .text, mayBeEmpty: false) } + Self.fields)
    guard refusals.isEmpty, let id = arguments.text("user_id") else {
      return QueryReply(status: 400, messages: refusals)
    }
    if let password = arguments.text("password"), let member = core.members.member(id: id) {
      let refusals = try PasswordRules(core.spaces)
        .refusals(of: password, for: member, in: core.store)
      guard refusals.isEmpty else { return QueryReply(status: 400, messages: refusals) }
    }
    var wanted = MemberChange()
    wanted.username = arguments.text("username")
    wanted.fullName = arguments.text("full_name")
    wanted.email = arguments.text("email")?.lowercased()
    wanted.isGlobalAdmin = arguments.flag("global_admin")
    wanted.isLocked = arguments.flag("locked")
    wanted.language = arguments.text("lang")
    wanted.permission = Self.permission(arguments)?.document.text(escaping: false)
    if let password = arguments.text("password") {
      wanted.passwordHash = try PasswordHash.make(password)
      // What somebody else chose is to be changed by who uses it.
      wanted.passwordChangedMs = id == visit.member.id ? Clock.system.nowMs : 0
      wanted.endsSessions = true
      // Whoever changes their own stays where they are, and nowhere else.
      wanted.sessionKept = id == visit.member.id ? visit.token?.hash : nil
    }
    return try change {
      let updated = try core.store.updateMember(id: id, wanted) {
        [line("member.changed", $0, by: visit.member, Self.detail(arguments))]
      }
      if wanted.endsSessions {
        core.tokens.forget { $0.owner == id && $0.isOfPassword && $0.hash != wanted.sessionKept }
      }
      return updated == nil
        ? QueryReply(status: 500, message: "Error updating user")
        : QueryReply(status: 200, message: "Success")
    }
  }

  /// Whoever orders it stays.
  func delete(_ visit: Visit) throws -> QueryReply {
    guard let arguments = Arguments(visit.request) else {
      return QueryReply(status: 400, message: "Error: \(Arguments.missing)")
    }
    let refusals = arguments.refusals([.init(name: "user_ids", kind: .list, isRequired: true)])
    guard refusals.isEmpty, let ids = arguments.list("user_ids"), ids.count <= Self.deletedMax
    else {
      let reason = refusals.first ?? "more than \(Self.deletedMax) user_ids"
      return QueryReply(status: 400, message: "Error: \(reason)")
    }
    return try delete(ids.filter { $0 != visit.member.id }, by: visit.member)
  }

  func deleteOwn(_ visit: Visit) throws -> QueryReply {
    guard let password = visit.request.parameters["password"], !password.isEmpty else {
      return QueryReply(status: 400, message: "password mandatory")
    }
    switch try LoginDesk(core: core).confirm(visit.member, password: password, from: visit.address)
    {
    case .success: return try delete([visit.member.id], by: visit.member)
    case .blocked: return QueryReply(status: 400, message: "too many attempts, try again later")
    case .failed, .locked, .expired: return QueryReply(status: 400, message: "password not valid")
    }
  }

  private func delete(_ ids: [String], by member: Member) throws -> QueryReply {
    try change {
      let gone = try core.store.deleteMembers(ids) { line("member.deleted", $0, by: member, "") }
      let owners = Set(gone.map(\.id))
      core.tokens.forget { owners.contains($0.owner) }
      return QueryReply(status: 200, message: "Success")
    }
  }

  // MARK: Parts

  private static func refusal(_ text: String) -> QueryReply {
    QueryReply(status: 400, messages: [text])
  }

  /// Changes come one after the other, and are in force when they are answered.
  private func change(_ body: () throws -> QueryReply) throws -> QueryReply {
    oneByOne.lock()
    defer { oneByOne.unlock() }
    do {
      let reply = try body()
      try core.reloadAdministration()
      return reply
    } catch let error as StoreError where error.code == .taken {
      return Self.refusal(Self.taken)
    } catch let error as StoreError where error.code == .invalid {
      return QueryReply(status: 400, message: "global admin limit")
    }
  }

  private func refusals(_ arguments: Arguments, _ fields: [Arguments.Field]) -> [String] {
    let refusals = arguments.refusals(fields)
    guard let password = arguments.text("password"), !password.isEmpty else { return refusals }
    return refusals + PasswordRules(core.spaces).refusals(of: password)
  }

  /// The rights that the arguments give; nil when they speak of none.
  private static func permission(_ arguments: Arguments) -> Permission? {
    let lists = (arguments.list("admin_of"), arguments.list("user_of"))
    guard let document = arguments["permission"] else {
      guard lists.0 != nil || lists.1 != nil else { return nil }
      return Permission(administering: lists.0 ?? [], using: lists.1 ?? [])
    }
    var permission = Permission(document)
    if document.value(at: "_") == nil {
      permission.administer(lists.0 ?? [], grouped: lists.1 ?? [])
    }
    permission.addReading()
    return permission
  }

  private func line(
    _ action: String, _ about: Member, by member: Member, _ detail: String
  ) -> AuditLine {
    AuditLine(
      atMs: Clock.system.nowMs, plugin: "", member: member.id, app: 0, action: action,
      detail: "\(about.id) \(about.username) \(detail)".trimmingCharacters(in: .whitespaces))
  }

  /// The names of what was given; passwords are told to nobody.
  private static func detail(_ arguments: Arguments) -> String {
    (names + fields.map(\.name)).filter { arguments[$0] != nil }.sorted().joined(separator: ",")
  }
}
