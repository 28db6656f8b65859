import CBreadcrumb

/// What of a plugin a thread runs, so that a service can refuse a call that would block the
/// pipeline, or wait for itself.
package enum ThreadKind: UInt32, Sendable {
  /// Nothing, or the thread is the plugin's own.
  case other = 0
  case control
  case hook
  case request
  case job

  /// The calling thread's.
  static var current: ThreadKind { ThreadKind(rawValue: tally_thread_kind()) ?? .other }

  /// Says what the calling thread runs from here on; returns what it was.
  @discardableResult
  package static func become(_ kind: ThreadKind) -> ThreadKind {
    ThreadKind(rawValue: tally_thread_become(kind.rawValue)) ?? .other
  }

  /// The calling thread as a refusal names it.
  var phrase: String {
    switch self {
    case .other: "a thread of the plugin's own"
    case .control: "create, enroll, start, drain or stop"
    case .hook: "a hook"
    case .request: "a request"
    case .job: "a job"
    }
  }
}
