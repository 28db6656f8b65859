/// What a plugin is called for; each kind has a meter of its own.
package enum CallKind: String, CaseIterable, Sendable {
  /// Process hooks.
  case hook
  case question
  case intake
  case transform
  /// Folding payloads into a document.
  case reduce
  case command
  /// Making one cell out of two.
  case merge
  case committed
  case lifecycle
  case job

  /// Its place among all; asked for in every call.
  @inline(__always)
  var index: Int {
    switch self {
    case .hook: 0
    case .question: 1
    case .intake: 2
    case .transform: 3
    case .reduce: 4
    case .command: 5
    case .merge: 6
    case .committed: 7
    case .lifecycle: 8
    case .job: 9
    }
  }

  /// May wait for others, so that its time is not the processor's.
  package var mayBlock: Bool {
    switch self {
    case .hook, .intake, .transform, .reduce, .command, .merge, .question: false
    case .committed, .lifecycle, .job: true
    }
  }
}
