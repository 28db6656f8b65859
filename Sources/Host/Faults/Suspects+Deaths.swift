import Logging
import PluginRuntime

extension Suspects {
  /// Names who ended the last run, and remembers which records did it.
  init(after breadcrumb: Breadcrumb, path: String, log: Logger) throws {
    self.init(path: path)
    for death in breadcrumb.deaths {
      var words = death.metadata
      words["by"] = "\(Breadcrumb.words(death.signal))"
      log.error("the last run ended inside a plugin", metadata: words)
    }
    // Killed, or left behind by a stop: who was called need not have done anything.
    for kill in breadcrumb.kills {
      log.notice("the last run ended while it called a plugin", metadata: kill.metadata)
    }
    let left = breadcrumb.deaths + breadcrumb.kills
    for death in left where death.role == nil { add(death) }
    if !left.isEmpty { try save(path: path) }
  }
}

extension Breadcrumb.Death {
  fileprivate var metadata: Logger.Metadata {
    ["plugin": "\(consumer)", "in": "\(called)", "at": "\(place)"]
  }

  /// The records it was about, in an operator's words.
  private var place: String {
    if role == nil, let request { return "request \(String(request, radix: 16))" }
    return positions == 0...0 ? "no record" : "positions \(positions)"
  }
}
