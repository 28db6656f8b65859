import Store
import Synchronization

/// Every member by api key: a snapshot of the store, replaced as a whole when management changes
/// it.
final class MemberDirectory: Sendable {
  private let byKey: Mutex<[String: MemberRights]>

  init(_ members: [Member]) {
    byKey = Mutex(Self.index(members))
  }

  func replace(with members: [Member]) {
    let index = Self.index(members)
    byKey.withLock { $0 = index }
  }

  /// The member whose key it is. The table's hash has a random seed and the comparison takes the
  /// same time wherever two keys differ, so that an answer's time says nothing about a key.
  func caller(apiKey: String) -> MemberRights? {
    guard let caller = byKey.withLock({ $0[apiKey] }) else { return nil }
    return ConstantTime.equal(caller.member.apiKey, apiKey) ? caller : nil
  }

  /// The member of an id.
  func caller(id: String) -> MemberRights? {
    byKey.withLock { callers in callers.values.first { $0.member.id == id } }
  }

  func member(id: String) -> Member? { caller(id: id)?.member }

  private static func index(_ members: [Member]) -> [String: MemberRights] {
    Dictionary(
      members.map { ($0.apiKey, MemberRights($0)) }, uniquingKeysWith: { first, _ in first })
  }
}

/// Comparisons whose time does not depend on where the texts differ.
enum ConstantTime {
  static func equal(_ a: String, _ b: String) -> Bool {
    let a = Array(a.utf8)
    let b = Array(b.utf8)
    guard a.count == b.count else { return false }
    var difference: UInt8 = 0
    for i in a.indices { difference |= a[i] ^ b[i] }
    return difference == 0
  }
}
