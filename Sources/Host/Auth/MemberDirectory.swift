import Store
import Synchronization

/// Every member by the hash of their api key: a snapshot of the store, replaced as a whole when management changes
/// it.
final class MemberDirectory: Sendable {
  private let byKey: Mutex<[String: MemberRights]>
  private let vault: Vault

  init(_ members: [Member], vault: Vault) {
    self.vault = vault
    byKey = Mutex(Self.index(members))
  }

  func replace(with members: [Member]) {
    let index = Self.index(members)
    byKey.withLock { $0 = index }
  }

  /// The member whose key it is. What is looked for is a hash under a key that nobody else has, so
  /// that an answer's time says nothing about a member's key.
  func caller(apiKey: String) -> MemberRights? {
    let hash = vault.hash(apiKey)
    return byKey.withLock { $0[hash] }
  }

  /// The member of an id.
  func caller(id: String) -> MemberRights? {
    byKey.withLock { callers in callers.values.first { $0.member.id == id } }
  }

  func member(id: String) -> Member? { caller(id: id)?.member }

  /// The member who calls themselves so when they log in: by username or e-mail address.
  func member(named name: String) -> Member? {
    let address = name.lowercased()
    return byKey.withLock { callers in
      callers.values.first { $0.member.username == name }
        ?? callers.values.first { !address.isEmpty && $0.member.email == address }
    }?.member
  }

  private static func index(_ members: [Member]) -> [String: MemberRights] {
    Dictionary(
      members.map { ($0.apiKeyHash, MemberRights($0)) }, uniquingKeysWith: { first, _ in first })
  }
}
