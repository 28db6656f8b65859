import Logging
import PluginRuntime

extension Suspects {
  /// Names who ended the last run, and remembers which records did it.
  init(after breadcrumb: Breadcrumb, path: String, log: Logger) throws {
    self.init(path: path)
    for death in breadcrumb.deaths {
      log.error("the last run ended inside a plugin", metadata: death.metadata)
    }
    for kill in breadcrumb.kills {
      log.notice("the last run was killed while it called a plugin", metadata: kill.metadata)
    }
    let left = breadcrumb.deaths + breadcrumb.kills
    for death in left where death.role == nil { add(death) }
    if !left.isEmpty { try save(path: path) }
  }
}

extension Breadcrumb.Death {
  fileprivate var metadata: Logger.Metadata {
    [
      "plugin": "\(consumer)", "in": "\(called)", "by": "\(Breadcrumb.words(signal))",
      "at": "\(place)",
    ]
  }

  /// The records it was about, in an operator's words.
  private var place: String {
    if role == nil, let request { return "request \(String(request, radix: 16))" }
    return positions == 0...0 ? "no record" : "positions \(positions)"
  }
}
