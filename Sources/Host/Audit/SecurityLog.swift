import Logging
import Store
import Synchronization

/// Keeps in the audit who tried what they may not. Whoever tries without end fills no disk: a minute
/// has so many lines, and what comes on top is one more line that counts it.
final class SecurityLog: Sendable {
  enum Kind: String, CaseIterable, Sendable {
    case loginFailed = "security.login-failed"
    case passwordForgotten = "security.password-forgotten"
    case denied = "security.denied"
    case injection = "security.injection"
  }

  /// What was tried.
  struct Event {
    let kind: Kind
    var reason = ""
    var path = ""
    var member = ""
    var app: UInt32 = 0
    var address = ""
  }

  static let action = "security.suppressed"
  /// Lines of one minute, besides the one that counts the others.
  static let linesPerMinuteMax = 30
  /// Bytes of a text that somebody sent.
  static let textBytesMax = 256

  private struct State {
    var minute: Int64 = 0
    var lines = 0
    /// By kind, what has no line of its own.
    var suppressed: [Kind: Int] = [:]
    var counts: [Kind: Int] = [:]
  }

  private let store: Store
  private let log: Logger
  private let proxies: TrustedProxies
  private let now: @Sendable () -> Int64
  private let state = Mutex(State())

  init(
    store: Store, log: Logger, proxies: TrustedProxies = .init(),
    now: @escaping @Sendable () -> Int64 = { Clock.system.nowMs }
  ) {
    (self.store, self.log, self.proxies, self.now) = (store, log, proxies, now)
  }

  /// How often each kind was noted since the start.
  var counts: [Kind: Int] { state.withLock(\.counts) }

  func note(_ event: Event) {
    let nowMs = now()
    var lines = state.withLock { take(event, nowMs, &$0) }
    guard !lines.isEmpty else { return }
    lines.reverse()
    do { try store.audit(lines) } catch {
      log.error("a denial is not audited", metadata: ["reason": "\(error)"])
    }
  }

  /// What is written for the event, the newest line first.
  private func take(_ event: Event, _ nowMs: Int64, _ state: inout State) -> [AuditLine] {
    state.counts[event.kind, default: 0] += 1
    var before: [AuditLine] = []
    if nowMs / 60_000 != state.minute {
      if !state.suppressed.isEmpty { before.append(line(of: state, nowMs)) }
      (state.minute, state.lines, state.suppressed) = (nowMs / 60_000, 0, [:])
    }
    guard state.lines < Self.linesPerMinuteMax else {
      state.suppressed[event.kind, default: 0] += 1
      return before
    }
    state.lines += 1
    return [line(event, nowMs)] + before
  }

  private func line(_ event: Event, _ nowMs: Int64) -> AuditLine {
    let detail = JSONValue.object([
      "path": .string(Self.cut(event.path)), "reason": .string(Self.cut(event.reason)),
    ])
    return AuditLine(
      atMs: nowMs, plugin: "", member: event.member, app: event.app, action: event.kind.rawValue,
      detail: detail.text(escaping: false), address: event.address)
  }

  /// How many of each kind a minute had beyond its lines.
  private func line(of state: State, _ nowMs: Int64) -> AuditLine {
    var told: [String: JSONValue] = ["minute_ms": .number(Double(state.minute * 60_000))]
    for (kind, count) in state.suppressed { told[kind.rawValue] = .number(Double(count)) }
    return AuditLine(
      atMs: nowMs, plugin: "", member: "", app: 0, action: Self.action,
      detail: JSONValue.object(told).text(escaping: false))
  }

  private static func cut(_ text: String) -> String {
    text.utf8.count <= textBytesMax
      ? text : String(decoding: text.utf8.prefix(textBytesMax), as: UTF8.self)
  }

  func register(in metrics: Metrics) {
    for kind in Kind.allCases {
      metrics.counter(
        "tally_security_events_total", help: "What was tried and refused",
        labels: "kind=\"\(kind.rawValue.dropFirst("security.".utf8.count))\""
      ) { [self] in counts[kind] ?? 0 }
    }
  }
}

extension SecurityLog {
  /// Notes that somebody was turned away. Whoever names nobody tried nothing.
  func note(_ denial: AccessDenial, _ request: QueryRequest) {
    if denial == .credentialMissing || denial == .appMissing { return }
    note(
      Event(
        kind: denial == .memberUnknown || denial == .tokenInvalid ? .loginFailed : .denied,
        reason: denial.message, path: request.path, address: address(of: request)))
  }

  /// Who asked; empty where nobody can say.
  func address(of request: QueryRequest) -> String { proxies.client(of: request)?.text ?? "" }
}
