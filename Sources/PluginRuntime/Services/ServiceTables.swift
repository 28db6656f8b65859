import PluginABI

/// The memory of one instance's service tables. Never freed: a plugin's thread may outlive its
/// instance and still hold them.
final class ServiceTables: @unchecked Sendable {
  private let commands = make(tally_commands())
  private let emit = make(tally_emit())
  private let kv = make(tally_kv())
  private let jobs = make(tally_jobs())
  private let http = make(tally_http())
  private let auth = make(tally_auth())
  private let metrics = make(tally_metrics())

  func pointer(_ service: Service) -> UnsafeRawPointer {
    switch service {
    case .commands: UnsafeRawPointer(commands)
    case .emit: UnsafeRawPointer(emit)
    case .kv: UnsafeRawPointer(kv)
    case .jobs: UnsafeRawPointer(jobs)
    case .http: UnsafeRawPointer(http)
    case .auth: UnsafeRawPointer(auth)
    case .metrics: UnsafeRawPointer(metrics)
    }
  }

  /// Writes the functions; `ctx` is what all of them take first.
  func fill(ctx: UnsafeMutableRawPointer) {
    fill(
      commands: .serving(ctx), emit: .serving(ctx), kv: .serving(ctx), jobs: .serving(ctx),
      http: .serving(ctx), auth: .serving(ctx), metrics: .serving(ctx))
  }

  func fill(
    commands: tally_commands, emit: tally_emit, kv: tally_kv, jobs: tally_jobs,
    http: tally_http, auth: tally_auth, metrics: tally_metrics
  ) {
    self.commands.pointee = commands
    self.emit.pointee = emit
    self.kv.pointee = kv
    self.jobs.pointee = jobs
    self.http.pointee = http
    self.auth.pointee = auth
    self.metrics.pointee = metrics
  }

  private static func make<T>(_ zero: T) -> UnsafeMutablePointer<T> {
    let memory = UnsafeMutablePointer<T>.allocate(capacity: 1)
    memory.initialize(to: zero)
    return memory
  }
}
