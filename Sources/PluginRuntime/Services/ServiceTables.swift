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
    commands.pointee = .serving(ctx)
    emit.pointee = .serving(ctx)
    kv.pointee = .serving(ctx)
    jobs.pointee = .serving(ctx)
    http.pointee = .serving(ctx)
    auth.pointee = .serving(ctx)
    metrics.pointee = .serving(ctx)
  }

  private static func make<T>(_ zero: T) -> UnsafeMutablePointer<T> {
    let memory = UnsafeMutablePointer<T>.allocate(capacity: 1)
    memory.initialize(to: zero)
    return memory
  }
}
