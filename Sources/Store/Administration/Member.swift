import GRDB

/// A person with an account.
package struct Member: Equatable, Sendable {
  static let keyBytes = 16

  /// 24 hexadecimal digits.
  package let id: String
  package let username: String
  package let fullName: String
  package let email: String
  /// Nil: the account has no password yet.
  package let passwordHash: String?
  /// What programs identify the member by: 32 hexadecimal digits.
  package let apiKey: String
  /// What the key is found by.
  package let apiKeyHash: String
  package private(set) var isGlobalAdmin: Bool
  /// What the member may do, as JSON; empty: nothing beyond being a global administrator.
  package private(set) var permission: String
  /// Turned away until somebody unlocks the account.
  package let isLocked: Bool
  package let language: String
  package let createdMs: Int64
  /// 0: never.
  package let lastLoginMs: Int64
  /// 0: the password is not the member's own choice.
  package let passwordChangedMs: Int64
  /// Settings of their own by namespace, a JSON object of which nothing is known here.
  package let settings: String

  init(_ row: Row, _ store: Store) throws {
    id = row["id"]
    username = row["username"]
    fullName = row["full_name"]
    email = row["email"]
    passwordHash = row["password_hash"]
    apiKeyHash = row["api_key"]
    apiKey = try store.opened(row["api_key_sealed"], of: id)
    isGlobalAdmin = row["global_admin"]
    permission = row["permission"]
    isLocked = row["locked"]
    language = row["lang"]
    createdMs = row["created_ms"]
    lastLoginMs = row["last_login_ms"]
    passwordChangedMs = row["password_changed_ms"]
    settings = row["settings"]
  }

  /// The same member with these rights alone.
  package func narrowed(to permission: String) -> Member {
    var narrowed = self
    (narrowed.isGlobalAdmin, narrowed.permission) = (false, permission)
    return narrowed
  }
}
