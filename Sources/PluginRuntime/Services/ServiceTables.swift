import PluginABI

/// The memory of one instance's service tables. Never freed: a plugin's thread may outlive its
/// instance and still hold them.
final class ServiceTables: @unchecked Sendable {
  private let commands = make(tally_commands())
  private let emit = make(tally_emit())

  func pointer(_ service: Service) -> UnsafeRawPointer {
    switch service {
    case .commands: UnsafeRawPointer(commands)
    case .emit: UnsafeRawPointer(emit)
    }
  }

  /// Writes the functions; `ctx` is what all of them take first.
  func fill(ctx: UnsafeMutableRawPointer) {
    commands.pointee = .serving(ctx)
    emit.pointee = .serving(ctx)
  }

  private static func make<T>(_ zero: T) -> UnsafeMutablePointer<T> {
    let memory = UnsafeMutablePointer<T>.allocate(capacity: 1)
    memory.initialize(to: zero)
    return memory
  }
}
