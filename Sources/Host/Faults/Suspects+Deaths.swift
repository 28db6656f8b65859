import Logging
import PluginRuntime

extension Suspects {
  /// Names who ended the last run, and remembers which records did it.
  init(after deaths: [Breadcrumb.Death], path: String, log: Logger) throws {
    self.init(path: path)
    for death in deaths {
      log.error(
        "the last run ended inside a plugin",
        metadata: [
          "plugin": "\(death.consumer)", "by": "\(Breadcrumb.words(death.signal))",
          "at": "\(death.place)",
        ])
      if death.role == nil { add(death) }
    }
    if !deaths.isEmpty { try save(path: path) }
  }
}

extension Breadcrumb.Death {
  /// The records it was about, in an operator's words.
  fileprivate var place: String {
    if role == nil, let request { return "request \(String(request, radix: 16))" }
    return positions == 0...0 ? "no record" : "positions \(positions)"
  }
}
