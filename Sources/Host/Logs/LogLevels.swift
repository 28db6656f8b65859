import Logging
import Synchronization

/// From which level on each module logs: plugins by their names, and the server itself. Read with
/// every line, so that a change holds from the next one on.
final class LogLevels: Sendable {
  /// The levels by the names clients know, the most talkative first.
  static let names: [(name: String, level: Logger.Level)] = [
    ("debug", .debug), ("info", .info), ("warn", .warning), ("error", .error),
  ]
  /// What is logged by no plugin.
  static let server = "server"
  static let modulesMax = 256

  private struct State {
    var standard = Logger.Level.info
    var modules: [String: Logger.Level] = [:]
  }

  private let state = Mutex(State())

  func level(of module: String) -> Logger.Level {
    state.withLock { $0.modules[module] ?? $0.standard }
  }

  /// A module in several lists logs what the first of them says.
  func follow(_ spaces: ConfigurationSpaces) {
    let standard = spaces.text(.logDefault)
    var next = State()
    next.standard = Self.names.first { $0.name == standard }?.level ?? next.standard
    for (name, level) in Self.names.reversed() {
      for module in Self.modules(spaces.text(.logModules(name))) ?? [] {
        next.modules[module] = level
      }
    }
    state.withLock { $0 = next }
  }

  /// The modules of a list; nil when one of them is no name.
  static func modules(_ text: String) -> [String]? {
    let names = text.split(separator: ",").map { $0.trimmingPrefix(" ") }
    let isList = names.allSatisfy { name in
      !name.isEmpty
        && name.utf8.allSatisfy {
          (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-")
        }
    }
    return isList && names.count <= modulesMax ? names.map { String($0) } : nil
  }
}
