import GRDB

/// A person with an account.
package struct Member: Equatable, Sendable {
  /// 24 hexadecimal digits.
  package let id: String
  package let username: String
  package let fullName: String
  package let email: String
  /// Nil: the account has no password yet.
  package let passwordHash: String?
  /// What programs identify the member by: 32 hexadecimal digits.
  package let apiKey: String
  package let isGlobalAdmin: Bool
  package let createdMs: Int64

  init(_ row: Row) {
    id = row["id"]
    username = row["username"]
    fullName = row["full_name"]
    email = row["email"]
    passwordHash = row["password_hash"]
    apiKey = row["api_key"]
    isGlobalAdmin = row["global_admin"]
    createdMs = row["created_ms"]
  }
}
