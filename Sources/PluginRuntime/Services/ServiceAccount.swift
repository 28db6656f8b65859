import Synchronization

/// The services a plugin can fetch, by the last part of their names.
package enum Service: String, CaseIterable, Sendable {
  case commands
  case emit
  case kv
  case jobs
  case http
  case auth
  case metrics

  /// The revision this host serves; higher ones only append.
  static let revision: UInt32 = 1

  /// The service of a full name, as "tally.kv".
  init?(id: String) {
    guard id.hasPrefix("tally.") else { return nil }
    self.init(rawValue: String(id.dropFirst("tally.".count)))
  }

  /// What this host has of a service; 0: nothing.
  static func revision(of id: String) -> UInt32 { Service(id: id) == nil ? 0 : revision }

  var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What one plugin asked of each service. Only grows; any thread.
package final class ServiceAccount: Sendable {
  /// The numbers of one service.
  package struct Line: Sendable {
    package var calls = 0
    /// Payloads and values that were handed over.
    package var bytes = 0
    package var refusals = 0
  }

  private let lines = Mutex([Line](repeating: Line(), count: Service.allCases.count))

  /// What was asked of a service so far.
  package func line(_ service: Service) -> Line { lines.withLock { $0[service.index] } }

  func count(_ service: Service, bytes: Int = 0) {
    lines.withLock {
      $0[service.index].calls += bytes == 0 ? 1 : 0
      $0[service.index].bytes += bytes
    }
  }

  func refuse(_ service: Service) {
    lines.withLock { $0[service.index].refusals += 1 }
  }
}
