/// What a plugin is called for; each kind has a meter of its own.
package enum CallKind: String, CaseIterable, Codable, Sendable {
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
  /// Telling what cells say about users.
  case describe

  /// The kind at a place.
  init?(index: UInt32) {
    guard let kind = Self.allCases.first(where: { $0.index == index }) else { return nil }
    self = kind
  }

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
    case .describe: 10
    }
  }

  /// May wait for others, so that its time is not the processor's.
  package var mayBlock: Bool {
    switch self {
    case .hook, .intake, .transform, .reduce, .command, .merge, .question, .describe: false
    case .committed, .lifecycle, .job: true
    }
  }

  /// Others go on while such a call runs: it has a thread of its own, or one of several.
  var isBeside: Bool {
    switch self {
    case .question, .describe, .committed, .job: true
    case .hook, .intake, .transform, .reduce, .command, .merge, .lifecycle: false
    }
  }

  /// For the operator.
  package var phrase: String {
    switch self {
    case .hook: "a process hook"
    case .question: "an answer"
    case .intake: "an intake hook"
    case .transform: "a transform hook"
    case .reduce: "a reduce"
    case .command: "a command"
    case .merge: "a merge of two users"
    case .committed: "a committed hook"
    case .lifecycle: "a lifecycle hook"
    case .job: "a job"
    case .describe: "a describe"
    }
  }
}
