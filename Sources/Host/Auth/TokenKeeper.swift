import Foundation
import Logging
import Store
import Synchronization

/// Every token, at hand: checking one reads no disk. Tokens are made and deleted through here, so
/// that what is told is in the store.
final class TokenKeeper: Sendable {
  struct Entry: Sendable {
    var token: AccessToken
    /// Nil where what is stored cannot be read: such a token is for nothing.
    let scope: TokenScope?
  }

  /// A session that is used is prolonged when this much of its time has passed, in seconds.
  private static let prolongedAfter: Int64 = 60

  private let store: Store
  var vault: Vault { store.vault }
  private let log: Logger
  private let entries: Mutex<[String: Entry]>
  /// One change after the other.
  private let changing = NSLock()
  /// Writes that nobody waits for.
  private let behind = DispatchQueue(label: "tokens")

  init(store: Store, log: Logger) throws(StoreError) {
    (self.store, self.log) = (store, log)
    let tokens = try store.tokens()
    entries = Mutex(
      Dictionary(tokens.map { ($0.hash, Self.entry($0)) }, uniquingKeysWith: { $1 }))
  }

  private static func entry(_ token: AccessToken) -> Entry {
    Entry(token: token, scope: TokenScope(token))
  }

  // MARK: Looking

  /// The token of that text, if it goes on. One that is over is deleted when it is met.
  func find(_ text: String, nowS: Int64) -> Entry? {
    guard let entry = entries.withLock({ $0[store.vault.hash(text)] }) else { return nil }
    guard entry.token.isOver(at: nowS) else { return entry }
    if take(entry) { deleteBehind([entry.token.hash]) }
    return nil
  }

  func tokens(of owner: String) -> [AccessToken] {
    entries.withLock { $0.values.map(\.token).filter { $0.owner == owner } }
      .sorted { ($0.ends, $0.hash) < ($1.ends, $1.hash) }
  }

  // MARK: Using

  /// Uses a token that works once: false when somebody was faster. It is gone from the store when
  /// this returns, or soon when nobody may wait here.
  func spend(_ entry: Entry, waits: Bool) throws(StoreError) -> Bool {
    guard take(entry) else { return false }
    if waits {
      try store.deleteTokens(hashes: [entry.token.hash])
    } else {
      deleteBehind([entry.token.hash])
    }
    return true
  }

  /// Has a session go on from now.
  func prolong(_ entry: Entry, nowS: Int64) {
    let token = entry.token
    let ends = token.maxEnds > 0 ? min(nowS + token.ttl, token.maxEnds) : nowS + token.ttl
    guard token.ttl > 0, ends - token.ends >= min(Self.prolongedAfter, token.ttl / 2) else {
      return
    }
    let (store, log, hash) = (store, log, token.hash)
    behind.async { [self] in
      do {
        // Sessions may have become shorter meanwhile.
        guard entries.withLock({ $0[hash]?.token.ttl }) == token.ttl else { return }
        guard let prolonged = try store.extendToken(hash: hash, to: ends) else { return }
        entries.withLock { $0[hash]?.token = prolonged }
      } catch { log.error("a session is not prolonged", metadata: ["reason": "\(error)"]) }
    }
  }

  private func take(_ entry: Entry) -> Bool {
    entries.withLock { $0.removeValue(forKey: entry.token.hash) != nil }
  }

  private func deleteBehind(_ hashes: [String]) {
    behind.async { [store, log] in
      do { try store.deleteTokens(hashes: hashes) } catch {
        log.error("tokens that are over stay in the store", metadata: ["reason": "\(error)"])
      }
    }
  }

  // MARK: Changing

  /// Makes a token; nil when its owner is gone.
  func make(_ new: NewToken, nowS: Int64) throws -> AccessToken? {
    try changing.withLock {
      guard let (made, gone) = try store.createToken(new, nowS: nowS) else { return nil }
      entries.withLock { entries in
        for hash in gone { entries[hash] = nil }
        entries[made.hash] = Self.entry(made)
      }
      return made
    }
  }

  /// Has browsers' sessions last as long as `seconds` says of their owners, from now on.
  func retimeSessions(nowS: Int64, seconds: (_ owner: String) -> Int64?) throws {
    try changing.withLock {
      // Behind what is being prolonged.
      try behind.sync {
        let sessions = entries.withLock { $0.values.map(\.token).filter { $0.kind == .session } }
        let changed = sessions.compactMap { token in
          seconds(token.owner).flatMap { $0 == token.ttl ? nil : (token.hash, $0) }
        }
        guard !changed.isEmpty else { return }
        let retimed = try store.retimeTokens(
          Dictionary(uniqueKeysWithValues: changed), nowS: nowS)
        entries.withLock { entries in
          for token in retimed { entries[token.hash]?.token = token }
        }
      }
    }
  }

  /// Deletes tokens; how many there were.
  func delete(_ tokens: [AccessToken]) throws -> Int {
    try changing.withLock {
      let known = tokens.filter { token in
        entries.withLock { $0.removeValue(forKey: token.hash) != nil }
      }
      try store.deleteTokens(hashes: known.map(\.hash))
      return known.count
    }
  }

  /// Deletes those that are over; how many there were.
  func sweep(nowS: Int64) throws -> Int {
    try delete(entries.withLock { $0.values.map(\.token).filter { $0.isOver(at: nowS) } })
  }

  /// Forgets those that the store deleted together with something else.
  func forget(_ isGone: (AccessToken) -> Bool) {
    entries.withLock { entries in entries = entries.filter { !isGone($0.value.token) } }
  }
}
