import PluginRuntime
import Store

/// One plugin as `/o/plugins`, `tally plugin list` and `tally top` show it. The first keys are those
/// clients know; the others say how it fares.
struct PluginRow: Codable, Equatable, Sendable {
  let enabled: Bool
  let code: String
  let title: String
  let name: String
  let description: String
  let version: String
  let author: String
  let homepage: String
  /// Linked into the program.
  let isPrepackaged: Bool
  /// One of `PluginState`.
  let state: String
  /// Why it does not run, or what was refused while it goes on as it was.
  let reason: String?
  let mode: String
  let origin: String
  let sha256: String?
  /// The hash of code that was rolled back, as long as its file lies there.
  let rolledBack: String?
  /// How many different copies of its code were loaded.
  let generation: Int
  /// Instances that were started.
  let instances: Int
  /// Times it failed and was started again.
  let restarts: Int
  let hooks: Int
  let questions: [String]
  /// What its process hooks cost: one call is one batch.
  let hookCalls: CallMeter.Reading
  /// What its answers cost.
  let reads: CallMeter.Reading
  /// What every other kind of calls cost that happened, by `CallKind`.
  let otherCalls: [String: CallMeter.Reading]
  /// What was left out because a limit was reached, by `Drop`.
  let drops: [String: Int]
  /// Calls of it that do not return, by `CallKind`.
  let lateCalls: [String: Int]
  /// Jobs of it that run and are over their time.
  let overdueJobs: Int
  /// Waiting in the store.
  let deadLetters: Int
  /// Requests it has not seen yet.
  let lag: Int
  /// Nil before it was measured.
  let storage: PluginStorage?

  enum CodingKeys: String, CodingKey {
    case enabled, code, title, name, description, version, author, homepage, state, reason, mode
    case origin, sha256, generation, instances, restarts, hooks, questions, reads, lag, storage
    case isPrepackaged = "prepackaged"
    case rolledBack = "rolled_back"
    case hookCalls = "hook_calls"
    case otherCalls = "other_calls"
    case drops
    case lateCalls = "late_calls"
    case overdueJobs = "overdue_jobs"
    case deadLetters = "dead_letters"
  }

  /// What it is called for: hooks and questions, and what else happened.
  var calls: [(kind: CallKind, reading: CallMeter.Reading)] {
    CallKind.allCases.compactMap { kind in
      switch kind {
      case .hook: (kind, hookCalls)
      case .question: (kind, reads)
      default: otherCalls[kind.rawValue].map { (kind, $0) }
      }
    }
  }

  /// What does not return of it, in words; nil when everything does.
  var hanging: String? {
    let phrases = CallKind.allCases.filter { lateCalls[$0.rawValue] != nil }.map(\.phrase)
    return phrases.isEmpty ? nil : phrases.joined(separator: ", ") + " does not return"
  }

  /// Why it does not run as it should.
  var note: String { [reason, hanging].compactMap { $0 }.joined(separator: "; ") }

  /// All kinds of calls together.
  func sum(_ value: (CallMeter.Reading) -> Int) -> Int {
    calls.reduce(0) { $0 + value($1.reading) }
  }
}

/// Everything a list of plugins shows, at one moment.
struct PluginOverview: Codable, Equatable, Sendable {
  let plugins: [PluginRow]
  /// Requests accepted since the start.
  let accepted: Int
  let durablePosition: UInt64
  let storePosition: UInt64
  /// Monotonic, to make rates of two of these.
  let milliseconds: Int64

  enum CodingKeys: String, CodingKey {
    case plugins, accepted
    case durablePosition = "durable_position"
    case storePosition = "store_position"
    case milliseconds = "monotonic_ms"
  }
}
