import PluginABI
import Store

/// Limits of the audit.
enum AuditLimits {
  static let actionBytesMax = 128
  static let detailBytesMax = 16_384
}

extension tally_auth {
  static func serving(_ ctx: UnsafeMutableRawPointer) -> tally_auth {
    var table = tally_auth()
    table.struct_size = UInt32(MemoryLayout<tally_auth>.size)
    table.revision = Service.revision
    table.ctx = ctx
    table.member = { ctx, member, visitCtx, visit, error in
      ServiceContext.call(ctx, .auth, "member", from: .storing, error) { service in
        guard let visit else { throw ServiceError(TALLY_INVALID, "visit is NULL") }
        try service.member(member).withABI { visit(visitCtx, $0) }
      }
    }
    table.may = { ctx, member, app, feature, access, error in
      ServiceContext.call(ctx, .auth, "may", from: .storing, error) {
        try $0.may(member, app, feature, access)
      }
    }
    table.audit = { ctx, member, app, action, detail, error in
      ServiceContext.call(ctx, .auth, "audit", from: .storing, error) {
        try $0.audit(member, app, action, detail)
      }
    }
    return table
  }
}

extension ServiceContext {
  fileprivate func member(_ id: tally_str) throws -> Member {
    guard let id = id.string, let member = host.member(id: id) else {
      throw ServiceError(TALLY_NOT_FOUND, "there is no member \(id.string ?? "of that id")")
    }
    return member
  }

  fileprivate func may(
    _ id: tally_str, _ app: UInt32, _ feature: tally_str, _ access: UInt32
  ) throws {
    let member = try member(id)
    let feature = feature.string.flatMap { $0.isEmpty ? plugin : $0 } ?? plugin
    guard host.may(member, app: app, feature: feature, access: access) else {
      throw ServiceError(
        TALLY_DENIED, "\(member.username) has no right to \(feature) in app \(app)")
    }
  }

  fileprivate func audit(
    _ id: tally_str, _ app: UInt32, _ action: tally_str, _ detail: tally_str
  ) throws {
    guard let action = action.string, !action.isEmpty,
      action.utf8.count <= AuditLimits.actionBytesMax, let detail = detail.string,
      detail.utf8.count <= AuditLimits.detailBytesMax
    else {
      throw ServiceError(
        TALLY_INVALID,
        "an action is UTF-8 of 1 to \(AuditLimits.actionBytesMax) bytes, a detail of at most "
          + "\(AuditLimits.detailBytesMax)")
    }
    let who = id.len == 0 ? "" : try member(id).id
    account.count(.auth, bytes: detail.utf8.count + action.utf8.count)
    try host.store.audit(
      AuditLine(
        atMs: host.nowMs, plugin: plugin, member: who, app: app, action: secrets.redact(action),
        detail: secrets.redact(detail)))
  }
}

extension Member {
  /// Lends the member as the contract has it.
  fileprivate func withABI(_ body: (UnsafePointer<tally_account>) -> Void) {
    Array(id.utf8).withTallyText { id in
      Array(username.utf8).withTallyText { username in
        Array(fullName.utf8).withTallyText { fullName in
          Array(email.utf8).withTallyText { email in
            var table = tally_account()
            table.struct_size = UInt32(MemoryLayout<tally_account>.size)
            table.flags = isGlobalAdmin ? TALLY_ACCOUNT_GLOBAL_ADMIN : 0
            (table.id, table.username) = (id, username)
            (table.full_name, table.email) = (fullName, email)
            withUnsafePointer(to: table, body)
          }
        }
      }
    }
  }
}
