import CBreadcrumb

extension Breadcrumb {
  /// The end of a process inside a call.
  package struct Death: Codable, Equatable, Sendable {
    package let consumer: String
    /// 0 to 0 for what has none.
    package let positions: ClosedRange<UInt64>
    /// The item inside its request, or nil when the whole batch was being counted.
    package let item: UInt32?
    package let signal: UInt32
    /// The hash of the request that an intake hook looked at; the number of the code in a call that
    /// is about no record of its own.
    package var request: UInt64?
    /// What was called, as far as that is known.
    package var kind: CallKind?
    /// How often the process was killed here, which says little about whom it called; nil where the
    /// call itself did it.
    package var kills: Int?

    /// Whom it is blamed on.
    package var plugin: String { String(consumer.prefix { $0 != "/" }) }

    /// What was called, where that is about no record of its own.
    package var role: CallCrumb.Role? {
      consumer.split(separator: "/").last.flatMap { CallCrumb.Role(rawValue: String($0)) }
    }

    /// What was called, for the operator.
    package var called: String { kind?.phrase ?? "a call" }

    /// Whether nobody else can have done it: the same call was killed again and again.
    var isProven: Bool { kills ?? Self.killsProving >= Self.killsProving }

    private static let killsProving = 2

    /// Whether both are about the same call, as far as that is known.
    func repeats(_ other: Death) -> Bool {
      consumer == other.consumer && item == other.item && request == other.request
        && positions.overlaps(other.positions)
    }

    /// For the operator.
    var reason: String {
      signal == TALLY_BREADCRUMB_STUCK
        ? "kept the server in \(called) that did not return"
        : "ended the server with \(Breadcrumb.words(signal)) in \(called)"
    }
  }

  /// How a call ended the process, for the operator.
  package static func words(_ signal: UInt32) -> String {
    switch signal {
    case TALLY_BREADCRUMB_EXIT: "a call of exit()"
    case TALLY_BREADCRUMB_STUCK: "a call that did not return"
    default: RunnerProcess.End.signal(Int32(clamping: signal)).words
    }
  }

  /// What a call did to the process: the reason why it is not made again.
  static func deed(_ signal: UInt32) -> String {
    signal == TALLY_BREADCRUMB_STUCK
      ? "kept the process in a call that did not return"
      : "ended the process with \(words(signal))"
  }
}
