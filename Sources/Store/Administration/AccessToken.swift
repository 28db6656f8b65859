import Foundation
import GRDB

/// What stands for a member for a while, or within bounds.
package struct AccessToken: Equatable, Sendable {
  /// What a token is taken for.
  package enum Kind: Int, Sendable {
    /// Requests of programs.
    case program = 0
    /// A browser in which the member logged in.
    case session = 1
    /// A link that lets whoever has it choose a password, and do nothing else.
    case link = 2
  }

  /// The purpose of sessions, in the word clients know.
  package static let sessionPurpose = "LoggedInAuth"

  /// 40 hexadecimal digits.
  package let text: String
  /// What it is found by.
  package let hash: String
  package let kind: Kind
  /// The member it stands for.
  package let owner: String
  /// Seconds from its making to its end; 0: it never ends.
  package let ttl: Int64
  /// Unix seconds; says nothing while `ttl` is 0.
  package let ends: Int64
  /// Whether it works more than once.
  package let isMulti: Bool
  /// The apps it is for; empty: all.
  package let apps: [String]
  /// The paths it is for, as JSON; empty: all.
  package let endpoint: String
  package let purpose: String
  /// What it may do of what its owner may, as JSON; empty: everything.
  package let permission: String
  /// Unix seconds that `ends` never passes; 0: none.
  package let maxEnds: Int64
  /// Whether a browser may be logged in with it.
  package let canLogin: Bool

  init(_ row: Row, _ store: Store) throws {
    owner = row["owner"]
    text = try store.opened(row["sealed"], of: owner)
    hash = row["hash"]
    kind = Kind(rawValue: row["kind"]) ?? .program
    ttl = row["ttl"]
    ends = row["ends"]
    isMulti = row["multi"]
    apps = (row["apps"] as String).split(separator: ",").map(String.init)
    endpoint = row["endpoint"]
    purpose = row["purpose"]
    permission = row["permission"]
    maxEnds = row["max_ends"]
    canLogin = row["can_login"]
  }

  /// Whether it is void when somebody else chooses the owner's password.
  package var isOfPassword: Bool { kind != .program || purpose == Self.sessionPurpose }

  /// Seconds it goes on: -1 for ever, 0 no more.
  package func secondsLeft(at now: Int64) -> Int64 { ttl == 0 ? -1 : max(ends - now, 0) }

  package func isOver(at now: Int64) -> Bool { secondsLeft(at: now) == 0 }
}

/// What a token is made of, beside what the store gives it.
package struct NewToken: Sendable {
  package var kind: AccessToken.Kind
  package var owner: String
  package var ttl: Int64
  package var isMulti = true
  package var apps: [String] = []
  package var endpoint = ""
  package var purpose = ""
  package var permission = ""
  package var maxEnds: Int64 = 0
  package var canLogin = false

  package init(_ kind: AccessToken.Kind = .program, owner: String, ttl: Int64) {
    self.kind = kind
    self.owner = owner
    self.ttl = ttl
  }

  /// How long it lives from now on: never past its bound, also when it asked for ever.
  func life(from now: Int64) -> (ttl: Int64, ends: Int64) {
    guard maxEnds > 0, ttl == 0 || now + ttl > maxEnds else { return (ttl, now + ttl) }
    return (max(maxEnds - now, 1), max(maxEnds, now + 1))
  }
}
