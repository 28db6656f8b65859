import Foundation
import Store
import Synchronization
import Testing

@testable import Host

/// What is secret is never compared itself: time could say how much of it was guessed.
@Suite struct KeyComparisonTests {
  private let store: Store
  private let ada: Member

  init() throws {
    store = try Store.open(directory: try TemporaryFolder().path)
    ada = try store.createMember(NewMember(username: "ada", passwordHash: "x"), nowMs: 1)
  }

  @Test(
    "A member is found by a hash under the server's key, and by nothing that is nearer to theirs")
  func found() throws {
    let members = MemberDirectory(try store.members(), vault: store.vault)
    #expect(members.caller(apiKey: ada.apiKey)?.member.id == ada.id)
    #expect(ada.apiKeyHash == store.vault.hash(ada.apiKey))
    #expect(members.caller(apiKey: ada.apiKeyHash) == nil)
    let strange = MemberDirectory(
      try store.members(), vault: Vault(key: Array(repeating: 1, count: 32)))
    #expect(strange.caller(apiKey: ada.apiKey) == nil, "it is not the key that is looked for")
    // What one digit changes is everything: a guess that is nearly right is near to nothing.
    for right in 0..<ada.apiKey.count {
      let digit = ada.apiKey.dropFirst(right).first == "0" ? "1" : "0"
      let guess = ada.apiKey.prefix(right) + digit + ada.apiKey.dropFirst(right + 1)
      let hash = store.vault.hash(String(guess))
      #expect(!hash.hasPrefix(ada.apiKeyHash.prefix(8)), "\(right)")
      #expect(members.caller(apiKey: String(guess)) == nil)
    }
  }

  /// Everything that is compared while `body` runs.
  private func compared(_ body: (Vault) throws -> Void) rethrows -> [[UInt8]] {
    let seen = Mutex<[[UInt8]]>([])
    var vault = store.vault
    let compare = vault.areEqual
    vault.areEqual = { one, other in
      seen.withLock { $0 += [one, other] }
      return compare(one, other)
    }
    try body(vault)
    return seen.withLock { $0 }
  }

  @Test("What a form or a signed token carries is compared once, as hashes, at constant time")
  func compared() throws {
    let cookie = SessionCookie.visit()
    let csrf = cookie.csrf(store.vault)
    let signed = try SignedToken(vault: store.vault).make(ada, nowS: 1_000)
    let members = MemberDirectory(try store.members(), vault: store.vault)
    for wrong in [false, true] {
      let sent = wrong ? String(csrf.dropLast()) + "x" : csrf
      let form = compared { #expect(cookie.isSent(by: sent, $0) == !wrong) }
      let text = wrong ? String(signed.dropLast(3)) + "AAA" : signed
      let token = compared { vault in
        let caller = SignedToken(vault: vault).caller(text, members, nowS: 1_000)
        #expect((caller == nil) == wrong)
      }
      for hashes in [form, token] {
        #expect(hashes.count == 2 && hashes.allSatisfy { $0.count == 32 })
        #expect((hashes[0] == hashes[1]) == !wrong)
        #expect(!wrong || hashes[0].prefix(4) != hashes[1].prefix(4))
      }
    }
  }

  @Test("Two hashes are equal when all of them is, and of one length")
  func equality() {
    let equal = store.vault.areEqual
    #expect(equal([1, 2, 3], [1, 2, 3]) && equal([], []))
    #expect(!equal([1, 2, 3], [1, 2]) && !equal([1, 2], [1, 2, 3]) && !equal([], [1]))
    #expect(!equal([0, 2, 3], [1, 2, 3]) && !equal([1, 2, 4], [1, 2, 3]))
  }
}
