/// What of a plugin was left out because a named limit was reached.
package enum Drop: String, CaseIterable, Sendable {
  /// Counted under `[CLY]_other`: a name or value over its declared limit.
  case series
  /// A document over its collection's limit.
  case document
  /// A record over the outbox's limit.
  case record
  /// Lines of the log.
  case log
  /// Notes and refusals of intake hooks.
  case intake
  /// Requests that were accepted before an intake hook in another process had looked at them.
  case intakeLate = "intake_late"
  /// Values of a user's export.
  case export
  // Calls of services that were answered `TALLY_LIMIT`.
  case commands
  case emit
  case kv
  case jobs
  case http
  case auth
  case metrics

  init(_ service: Service) {
    self =
      switch service {
      case .commands: .commands
      case .emit: .emit
      case .kv: .kv
      case .jobs: .jobs
      case .http: .http
      case .auth: .auth
      case .metrics: .metrics
      }
  }

  var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
