import Synchronization

/// Tells whoever answers a connection's request that its client has gone. A connection has one
/// request at a time.
package final class Departure: Sendable {
  /// That of the connection whose request is being answered.
  @TaskLocal package static var ofClient: Departure?

  private let waiting = Mutex<Cancellation?>(nil)

  package init() {}

  /// Whose question it is from now on.
  func watch(_ cancellation: Cancellation) { waiting.withLock { $0 = cancellation } }

  /// The client has gone.
  package func happened() { waiting.withLock { $0 }?.cancel() }
}
