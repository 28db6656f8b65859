import Store

/// `/login/token/<token>`: logs a browser in with a token that was made for it (`can_login`), as
/// programs do that show the dashboard.
struct TokenLogin: Sendable {
  static let path = "/login/token"

  enum Outcome {
    /// `endS`: the second behind which what the token makes never goes on; nil: none.
    case success(Member, endS: Int64?)
    case failed
    case locked
  }

  let desk: LoginDesk

  func attempt(_ request: PageRequest) throws -> Outcome {
    let tokens = desk.core.tokens
    guard let entry = tokens.find(request.parameters["token"] ?? "", nowS: desk.nowMs() / 1_000),
      entry.token.kind == .program, entry.token.canLogin,
      let member = desk.core.members.member(id: entry.token.owner)
    else {
      desk.note("no token to log in with", .loginFailed, Self.path, nil, request.address)
      return .failed
    }
    if member.isLocked { return .locked }
    guard try entry.token.isMulti || tokens.spend(entry, waits: true) else { return .failed }
    let end = entry.token.ttl == 0 ? nil : entry.token.ends
    return .success(try desk.welcome(member), endS: end)
  }
}
