import Logging
import Store

/// Judges names and passwords. An answer tells whoever asks neither by its words nor by its time
/// whether there is such a member; too many attempts have to wait, for an account as for a network.
struct LoginDesk: Sendable {
  enum Outcome: Equatable {
    case success(Member)
    case failed, blocked
    /// The password was right.
    case locked
    /// The password was right, and is too old: another one has to be chosen.
    case expired(Member)
  }

  /// People who may sit in one network, each with as many attempts as an account.
  private static let networkMembers = 7
  private static let dayMs: Int64 = 86_400_000
  static let nameBytesMax = 256

  let core: Core
  var nowMs: @Sendable () -> Int64 = { Clock.system.nowMs }
  /// Judges a password by a hash; takes its time for each.
  var matches: @Sendable (_ password: String, _ hash: String) -> Bool = {
    PasswordHash.matches($0, hash: $1)
  }

  func attempt(name: String, password: String, from address: ClientAddress?) throws -> Outcome {
    let member = core.members.member(named: name)
    let outcome = try judge(member, name, password, address)
    guard case .success(let member) = outcome else { return outcome }
    return hasExpired(member) ? .expired(member) : .success(try welcome(member, password))
  }

  // MARK: What is set

  /// A person who mistypes is not kept waiting: the last of the free attempts is the first whose
  /// failure has the next one wait.
  var accountBackoff: LoginBackoff { backoff(members: 1) }
  var networkBackoff: LoginBackoff { backoff(members: Self.networkMembers) }

  /// What the field of a password says of itself.
  var autocomplete: String {
    core.spaces.flag(.passwordAutocomplete) ? "current-password" : "off"
  }

  private func backoff(members: Int) -> LoginBackoff {
    var backoff = LoginBackoff(free: Int(core.spaces.number(.loginTries)) * members - 1)
    backoff.firstWaitMs = core.spaces.number(.loginWait) * 1_000
    backoff.waitMsMax = max(backoff.waitMsMax, backoff.firstWaitMs)
    return backoff
  }

  private func hasExpired(_ member: Member) -> Bool {
    let days = core.spaces.number(.passwordExpiration)
    let chosenMs = max(member.passwordChangedMs, member.createdMs)
    return days > 0 && nowMs() - chosenMs >= days * Self.dayMs
  }

  // MARK: Judging

  /// Whether somebody who is known by something else has the member's password, too. Guesses wait as
  /// those at the login do.
  func confirm(
    _ member: Member, password: String, from address: ClientAddress?
  ) throws -> Outcome {
    try judge(member, member.username, password, address)
  }

  private func judge(
    _ member: Member?, _ name: String, _ password: String, _ address: ClientAddress?
  ) throws -> Outcome {
    let (account, network) = (accountSubject(name, member), networkSubject(address))
    guard try core.store.beginLogin([account, network], nowMs: nowMs()) else {
      note("login refused for a while", .loginFailed, "/login", member, address)
      return .blocked
    }
    let hash = member?.passwordHash ?? PasswordHash.nobodys
    guard password.utf8.count <= PasswordRules.bytesMax,
      matches(password, hash), let member
    else {
      note("login failed", .loginFailed, "/login", member, address)
      return .failed
    }
    try core.store.endLogin(account: account, network: network)
    return member.isLocked ? .locked : .success(member)
  }

  /// Lets somebody try again at once.
  func forget(name: String) throws {
    try core.store.forgetLogins(accountSubject(name, core.members.member(named: name)))
  }

  /// By whatever name a member is called, it is one account.
  func accountSubject(
    _ name: String, _ member: Member?, _ kind: String = "account"
  ) -> Store.LoginSubject {
    let bounded = String(name.lowercased().prefix(Self.nameBytesMax))
    return core.store.loginSubject("\(kind) \(member?.id ?? bounded)", accountBackoff)
  }

  func networkSubject(_ address: ClientAddress?) -> Store.LoginSubject {
    core.store.loginSubject("network \(address?.truncated.text ?? "")", networkBackoff)
  }

  /// Notes the login, and takes the costs of this version for the password they came with, if any.
  func welcome(_ member: Member, _ password: String? = nil) throws -> Member {
    var change = MemberChange()
    change.lastLoginMs = nowMs()
    if let password, let hash = member.passwordHash, !PasswordHash.isCurrent(hash) {
      change.passwordHash = try PasswordHash.make(password)
    }
    let line = AuditLine(
      atMs: nowMs(), plugin: "", member: member.id, app: 0, action: "login.succeeded", detail: "")
    let changed = try core.store.updateMember(id: member.id, change) { _ in [line] }
    try core.reloadAdministration()
    return changed ?? member
  }

  /// What was typed is not told: it may be a password in the wrong field.
  func note(
    _ what: Logger.Message, _ kind: SecurityLog.Kind, _ path: String, _ member: Member?,
    _ address: ClientAddress?
  ) {
    core.log.notice(
      what,
      metadata: [
        "member": "\(LogText.safe(member?.username ?? "nobody"))",
        "address": "\(address?.text ?? "unknown")",
      ])
    core.security.note(
      .init(
        kind: kind, reason: "\(what)", path: path, member: member?.id ?? "",
        address: address?.text ?? ""))
  }
}

/// Texts of others, as they may stand in a line of the log.
enum LogText {
  private static let charactersMax = 100

  /// Without anything that begins another line or moves a terminal's cursor.
  static func safe(_ text: String) -> String {
    var safe = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(charactersMax) {
      let isControl =
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: true
        default: false
        }
      safe.append(isControl ? "?" : scalar)
    }
    return String(safe)
  }
}
