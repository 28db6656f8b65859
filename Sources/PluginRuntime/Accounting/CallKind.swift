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
  case committed
  case lifecycle
  case job

  var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// May wait for others, so that its time is not the processor's.
  package var mayBlock: Bool {
    switch self {
    case .hook, .intake, .transform, .reduce, .command, .question: false
    case .committed, .lifecycle, .job: true
    }
  }
}
