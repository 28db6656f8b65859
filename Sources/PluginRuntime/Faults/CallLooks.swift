/// Which calls run for too long, told from looks at what runs. It counts looks and no clock: while the
/// process is stopped nothing gets late.
struct CallLooks {
  /// From when on a call is what, in seconds.
  struct Limits {
    /// It is named.
    let late: Double
    /// Where others go on beside it: its plugin is given up so much later.
    let grace: Double
  }

  /// What a look found.
  enum Finding: Equatable {
    /// A call does not return.
    case late
    /// Nobody expects it to return any more.
    case stuck
    /// A call that was late has returned.
    case returned
  }

  private struct Known {
    let call: Breadcrumb.Running
    let kind: CallKind
    let patience: Double
    var seconds = 0.0
    var said: Finding?
  }

  private let limits: Limits
  private var known: [Int: Known] = [:]

  init(_ limits: Limits) { self.limits = limits }

  /// Looks once more, `seconds` after the last time. `about` tells of a call that is new; nil when it
  /// has returned.
  mutating func look(
    at running: [Breadcrumb.Running], after seconds: Double,
    about: (Breadcrumb.Running) -> (kind: CallKind, patience: Double)?
  ) -> [(call: Breadcrumb.Running, finding: Finding, seconds: Int)] {
    var found: [(call: Breadcrumb.Running, finding: Finding, seconds: Int)] = []
    let numbers = Dictionary(uniqueKeysWithValues: running.map { ($0.place, $0.number) })
    for (place, old) in known where numbers[place] != old.call.number {
      known[place] = nil
      if old.said != nil { found.append((old.call, .returned, Int(old.seconds))) }
    }
    for call in running {
      guard var entry = known[call.place] else {
        known[call.place] = about(call).map {
          Known(call: call, kind: $0.kind, patience: $0.patience)
        }
        continue
      }
      entry.seconds += seconds
      while let next = next(of: entry) {
        entry.said = next
        found.append((call, next, Int(entry.seconds)))
      }
      known[call.place] = entry
    }
    return found
  }

  /// What there is to say of a call that was not said before.
  private func next(of entry: Known) -> Finding? {
    let late = limits.late + entry.patience
    switch entry.said {
    case nil: return entry.seconds >= late ? .late : nil
    case .late:
      return entry.seconds >= late + (entry.kind.isBeside ? limits.grace : 0) ? .stuck : nil
    default: return nil
    }
  }
}
