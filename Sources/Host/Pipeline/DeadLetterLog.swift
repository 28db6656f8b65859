import Foundation
import Logging
import PluginRuntime

/// Names items that plugins could not take; a plugin that takes nothing does not fill the log. The
/// pipeline's thread.
final class DeadLetterLog {
  /// Further ones are only counted, in `more` of the next line, and stand in the list.
  private static let linesPerSecondMax = 20

  private let log: Logger
  private var rate = LogRate(linesPerSecondMax: linesPerSecondMax)

  init(_ log: Logger) { self.log = log }

  func tell(_ letter: Dispatcher.DeadLetter, _ message: Logger.Message) {
    guard let more = rate.admit(second: Int(Clock.monotonicSeconds)) else { return }
    var metadata: Logger.Metadata = [
      "plugin": "\(letter.name)", "position": "\(letter.position)", "item": "\(letter.item)",
      "reason": "\(letter.reason)",
    ]
    if more > 0 { metadata["more"] = "\(more)" }
    log.error(message, metadata: metadata)
  }
}
