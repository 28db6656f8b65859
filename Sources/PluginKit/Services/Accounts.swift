import PluginABI

/// Who members are, what they may, and what they did.
public struct Accounts: @unchecked Sendable {
  private let table: UnsafePointer<tally_auth>

  /// A person with an account.
  public struct Account: Equatable, Sendable {
    /// 24 hexadecimal digits, as `Request.member` has it.
    public let id: String
    public let username: String
    public let fullName: String
    public let email: String
    public let isGlobalAdmin: Bool
  }

  /// What a member may do with a feature.
  public enum Access: UInt32, Sendable {
    case read
    case create
    case update
    case delete

    var abi: UInt32 {
      switch self {
      case .read: TALLY_ACCESS_READ
      case .create: TALLY_ACCESS_CREATE
      case .update: TALLY_ACCESS_UPDATE
      case .delete: TALLY_ACCESS_DELETE
      }
    }
  }

  /// Fetches the service; in the plugin's `init`. [control]
  public init(_ host: Host) throws {
    table = try host.service("tally.auth", as: tally_auth.self)
  }

  /// The member of an id, or nil. [request, job]
  public func account(_ member: String) throws -> Account? {
    let sink = AccountSink()
    do {
      try withExtendedLifetime(sink) {
        try Text.with(member) { member in
          try ServiceCall.run {
            table.pointee.member(
              table.pointee.ctx, member.abi, Unmanaged.passUnretained(sink).toOpaque(),
              { AccountSink.put($0, $1) }, $0)
          }
        }
      }
    } catch let error as PluginError where error.code == .notFound {
      return nil
    }
    return sink.account
  }

  /// Whether a member may; an empty feature means the plugin's own name. [request, job]
  public func may(
    _ member: String, _ access: Access = .read, app: UInt32, feature: String = ""
  ) throws -> Bool {
    do {
      try Text.with(member) { member in
        try Text.with(feature) { feature in
          try ServiceCall.run {
            table.pointee.may(
              table.pointee.ctx, member.abi, app, feature.abi, access.abi, $0)
          }
        }
      }
      return true
    } catch let error as PluginError where error.code == .denied {
      return false
    }
  }

  /// Keeps for ever that this was done, by a member, or by the plugin when `member` is empty.
  /// [request, job]
  public func audit(_ action: String, detail: String = "", member: String = "", app: UInt32) throws
  {
    try Text.with(member) { member in
      try Text.with(action) { action in
        try Text.with(detail) { detail in
          try ServiceCall.run {
            table.pointee.audit(
              table.pointee.ctx, member.abi, app, action.abi, detail.abi, $0)
          }
        }
      }
    }
  }
}

/// Keeps a member that is lent.
private final class AccountSink {
  private(set) var account: Accounts.Account?

  static func put(_ ctx: UnsafeMutableRawPointer?, _ account: UnsafePointer<tally_account>?) {
    guard let ctx, let account = account?.pointee else { return }
    Unmanaged<AccountSink>.fromOpaque(ctx).takeUnretainedValue().account = Accounts.Account(
      id: String(Text(account.id)), username: String(Text(account.username)),
      fullName: String(Text(account.full_name)), email: String(Text(account.email)),
      isGlobalAdmin: account.flags & TALLY_ACCOUNT_GLOBAL_ADMIN != 0)
  }
}
